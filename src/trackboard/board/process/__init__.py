"""A board as a process: how it is started, found, ended, and reached."""
