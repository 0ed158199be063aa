"""Verbs that read a history: nothing of it changes."""
