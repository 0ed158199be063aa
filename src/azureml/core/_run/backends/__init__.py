"""What a `Run` stands on: where its words go, and where they are read back.

A `Run` translates the SDK's calls. Its `RunBackend` takes them: `LiveBackend` for a run that this process
records, `StoredBackend` for one of another process, `NullBackend` where nothing is recorded, `LateBackend`
for one that begins with its first record. Each has a `RunHistory` to read from.
"""
