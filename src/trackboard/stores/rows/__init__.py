"""Rows of the tables, read and written: runs, experiments, environments, models, artifacts."""
