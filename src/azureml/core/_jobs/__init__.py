"""The way from a run configuration to a submitted job."""
