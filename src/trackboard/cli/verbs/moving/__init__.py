"""Verbs that move runs: into a history, out of it, and all of it to another place."""
