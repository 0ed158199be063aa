"""The stream on disk: one append per record, read back after any crash. Standard library only."""

from trackboard.model import Liveness, Segment
from trackboard.spool.alive import Writer, probe, read_writer
from trackboard.spool.events import (
    FileDefinition,
    Malformed,
    SegmentHeader,
    SeriesDefinition,
    decode_record,
    parse_json,
)
from trackboard.spool.machine import boot_id, machine_id, pid_namespace, start_time
from trackboard.spool.reader import (
    iter_payloads,
    list_segments,
    list_writers,
    read_payload,
)
from trackboard.spool.writer import SpoolWriter

__all__ = [
    "FileDefinition",
    "Liveness",
    "Malformed",
    "Segment",
    "SegmentHeader",
    "SeriesDefinition",
    "SpoolWriter",
    "Writer",
    "boot_id",
    "decode_record",
    "iter_payloads",
    "list_segments",
    "list_writers",
    "machine_id",
    "parse_json",
    "pid_namespace",
    "probe",
    "read_payload",
    "read_writer",
    "start_time",
]
