"""The stream on disk: one append per record, read back after any crash. Standard library only."""

from trackboard.spool.alive import Liveness, Writer, boot_id, probe, read_writer
from trackboard.spool.events import decode_event
from trackboard.spool.reader import (
    Segment,
    iter_payloads,
    list_segments,
    list_writers,
    read_payload,
)
from trackboard.spool.writer import FileRef, SeriesRef, SpoolWriter

__all__ = [
    "FileRef",
    "Liveness",
    "Segment",
    "SeriesRef",
    "SpoolWriter",
    "Writer",
    "boot_id",
    "decode_event",
    "iter_payloads",
    "list_segments",
    "list_writers",
    "probe",
    "read_payload",
    "read_writer",
]
