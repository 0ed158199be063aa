"""Verbs that change what is kept: names, tags and notes of runs, what is archived, what is deleted."""
