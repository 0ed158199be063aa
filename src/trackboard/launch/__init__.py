"""From a folder and a script to a finished job: snapshot, plan, queue, worker.

A client imports `submit` and `queue`, a worker's process imports `worker`; nothing is imported here, so
that a worker starts with only what it needs.
"""
