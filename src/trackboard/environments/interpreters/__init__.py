"""Which Python a job has: the version that was asked for, and the interpreters of this machine."""
