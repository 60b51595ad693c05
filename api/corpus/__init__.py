"""Many documents at once: taken in, scored in shards, compared from run to run, and released as a folder."""
