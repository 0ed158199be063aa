"""Spool to store, exactly once, by whoever must read."""

from trackboard.ingest.ingest import Ingest, Pass
from trackboard.ingest.lock import FileLock
from trackboard.ingest.silence import Silence

__all__ = ["FileLock", "Ingest", "Pass", "Silence"]
