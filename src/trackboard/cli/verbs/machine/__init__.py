"""Verbs about this machine and the workspace as a whole."""
