"""A whole workspace as one file or folder, and back. The layout of a backup is that of a workspace.

A backup is taken beside whoever writes, without a lock. What was said before it began is stored first. Then
follow, in this order: the database, in one moment (SQLite's own online backup); the spools, segments before
their outboxes; plain files; snapshots and jobs; blobs. So each thing is copied after all that names it, and
whatever comes in between is either in it or not: a record that is in the database and in a spool's copy is
told by the position, a file that moves from an outbox into the blobs meanwhile is in one of them.

A writer of which the database knows, and whose spool was stored and removed before it could be copied, ends
when the backup is restored; so do, by the usual rules, the writers whose spools were copied.
"""
