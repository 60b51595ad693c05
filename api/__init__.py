"""The service: takes documents over HTTP, scores them as durable jobs and keeps what was found. Needs the extra `serve`."""
