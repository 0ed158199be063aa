"""The calls of `Run` that read back, and what they read: metrics, states, snapshots, definitions."""
