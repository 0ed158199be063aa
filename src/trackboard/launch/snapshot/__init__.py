"""A snapshot of a source folder: which files belong to it, kept once by their digest, and restored."""
