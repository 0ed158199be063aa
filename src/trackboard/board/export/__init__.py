"""Runs as event files that any TensorBoard reads."""
