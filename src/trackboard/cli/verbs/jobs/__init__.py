"""Verbs that start jobs and end them, and say where they run."""
