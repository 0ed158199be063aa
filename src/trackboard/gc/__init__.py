"""Garbage collection: what nothing names any more is freed, beside writers and readers, killed at any moment.

`collect` reads from top to bottom; `named` says what names a file. The order makes a kill harmless: first
one transaction forgets runs and remembers that they were deleted, then files go that nothing names. Whatever
is left after a kill nothing names either, so that the next collection finds it.
"""
