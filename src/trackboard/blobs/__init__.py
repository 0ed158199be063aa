"""Complete files, kept by content."""

from trackboard.blobs.folder import FolderBlobs, open_folder

__all__ = ["FolderBlobs", "open_folder"]
