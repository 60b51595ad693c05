"""The bridge to Label Studio: its labelling configuration, tasks with predictions out, annotations in."""
