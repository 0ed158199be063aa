"""The stream on disk: one append per record, read back after any crash. Standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
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
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "alive": ("Liveness", "Writer", "probe", "read_writer"),
            "events": (
                "FileDefinition",
                "Malformed",
                "SegmentHeader",
                "SeriesDefinition",
                "decode_record",
                "parse_json",
            ),
            "machine": ("boot_id", "machine_id", "pid_namespace", "start_time"),
            "reader": ("Segment", "iter_payloads", "list_segments", "list_writers", "read_payload"),
            "writer": ("SpoolWriter",),
        },
    )

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
