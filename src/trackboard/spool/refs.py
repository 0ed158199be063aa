"""The records that say what a segment calls by number instead of by name."""

from __future__ import annotations

from typing import Dict, Union

from trackboard.model import Ref, SeriesRef
from trackboard.spool.events import encode_json
from trackboard.spool.layout import pack_record


def define(ref: Ref) -> bytes:
    """The record that names a series or a growing file."""
    if not isinstance(ref, SeriesRef):
        return pack_record(
            encode_json({"k": "file", "id": ref.id, "run": ref.run, "path": ref.path})
        )
    record: Dict[str, Union[str, int]] = {
        "k": "series",
        "id": ref.id,
        "run": ref.run,
        "name": ref.name,
    }
    if ref.table:
        record["table"] = ref.table
    return pack_record(encode_json(record))
