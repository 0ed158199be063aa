"""Logs of any length: lines around an offset, shown as a terminal did, and searched; never a whole file."""
