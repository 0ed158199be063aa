"""Which packages were asked for: files of pip and conda, curated names, the SDK's own packages."""
