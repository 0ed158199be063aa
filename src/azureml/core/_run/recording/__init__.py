"""The calls of `Run` that record: metrics, files, tags, children."""
