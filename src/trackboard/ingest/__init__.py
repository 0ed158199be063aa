"""Spool to store, exactly once, by whoever must read."""
