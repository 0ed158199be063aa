"""The command line: the only place with print and exit codes."""
