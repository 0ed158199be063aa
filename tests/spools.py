"""What lies in a spool, read by the letter of its format: only what a segment's successor vouches for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from trackboard.spool import iter_payloads, list_segments
from trackboard.spool.layout import FLOAT_SCALAR, HEADER, KIND_BYTES, KIND_JSON, segment_name


@dataclass
class Content:
    """All records of one spool, in order."""

    headers: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    values: list[tuple[str, float]] = field(default_factory=list)  # of floats, by series

    def of(self, name: str) -> list[float]:
        return [value for series, value in self.values if series == name]

    @property
    def lost(self) -> int:
        return sum(event["count"] for event in self.events if event["k"] == "lost")


def read_spool(folder: Path) -> Content:
    """Follow the ends that the segments say of each other, from the last one back."""
    sizes = dict(list_segments(folder))
    headers = {number: _header(folder, number) for number in sizes}
    begun = [number for number, header in headers.items() if header]
    content = Content()
    if not begun:
        return content
    ends = {max(begun): sizes[max(begun)]}
    before = headers[max(begun)]["before"]
    while before["number"] >= 0:
        assert before["number"] not in ends
        ends[before["number"]] = before["bytes"]
        before = headers[before["number"]]["before"]
    for number in sorted(ends):
        offset = _read_segment(folder / segment_name(number), ends[number], content)
        is_newest = number == max(begun)  # which may yet have to cut off a part of a record
        assert offset == ends[number] or is_newest, "it does not end with a whole record"
    return content


def _header(folder: Path, number: int) -> dict[str, Any]:
    data = (folder / segment_name(number)).read_bytes()
    payloads = iter_payloads(memoryview(data))
    header: dict[str, Any] = json.loads(bytes(next(payloads, memoryview(b"{}"))))
    return header


def _read_segment(path: Path, end: int, content: Content) -> int:
    names: dict[int, str] = {}
    offset = 0
    for payload in iter_payloads(memoryview(path.read_bytes()[:end])):
        offset += HEADER.size + len(payload)
        if payload[0] == KIND_JSON:
            record = json.loads(bytes(payload))
            if record["k"] == "segment":
                content.headers.append(record)
            elif record["k"] in ("series", "file"):
                names[record["id"]] = record.get("name", "")
            else:
                content.events.append(record)
        elif payload[0] != KIND_BYTES:
            fields = FLOAT_SCALAR.unpack(payload)
            content.values.append((names[fields[3]], fields[6]))
    return offset


def lines_of(folder: Path, reach: int, what: Callable[[], object]) -> Callable[..., Any]:
    """A trace function that calls `what` at the line number `reach` that code in `folder` comes to."""
    left = reach

    def trace(frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        return local if frame.f_code.co_filename.startswith(str(folder)) else None

    def local(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0:
                what()
        return local

    return trace
