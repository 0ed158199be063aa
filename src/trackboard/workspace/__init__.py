"""A local workspace, put together: a location becomes store, blobs, spools and targets."""

from trackboard.workspace.workspace import Workspace

__all__ = ["Workspace"]
