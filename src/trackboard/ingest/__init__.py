"""Spool to store, exactly once, by whoever must read."""

from trackboard.ingest.folder_run_files import FolderRunFiles
from trackboard.ingest.folder_spools import FolderSpools
from trackboard.ingest.ingest import Ingest, Pass
from trackboard.ingest.set_aside_spools import list_set_aside
from trackboard.ingest.silence import Silence

__all__ = [
    "FolderRunFiles",
    "FolderSpools",
    "Ingest",
    "Pass",
    "Silence",
    "list_set_aside",
]
