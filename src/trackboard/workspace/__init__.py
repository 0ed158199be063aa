"""A local workspace, put together: a location becomes store, blobs, spools and targets."""

from trackboard.workspace.workspace import AnyRun, Workspace

__all__ = ["AnyRun", "Workspace"]
