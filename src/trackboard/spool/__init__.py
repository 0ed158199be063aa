"""The stream on disk: one append per record, read back after any crash."""
