"""The contract of a service: a protocol for each thing that can be asked about.

Everything that any process said before a call is stored before it is answered, but for what only the
catalogue knows (compute targets, environments, models). Answers are values of their moment. All raise
trackboard's errors: NotFound for what is not there, UsageError for what cannot be meant, Conflict for what
excludes each other, and Unavailable where the workspace does not answer in time or cannot be written.
"""
