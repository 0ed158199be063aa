"""Files of runs as they are: whole or in ranges, and never as a page that could run a script."""

from __future__ import annotations

import mimetypes
import re
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from starlette.responses import Response, StreamingResponse

from trackboard.model import RunId
from trackboard.server.admission.headers import FILE_POLICY
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.server.api.runs import RUN

if TYPE_CHECKING:
    from trackboard.service import Service

_PIECE_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# What browsers show without running anything; SVG and HTML are not among it.
_SHOWN = frozenset(f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "bmp", "avif")) | {
    "audio/wav",
    "audio/x-wav",
    "audio/mpeg",
    "video/mp4",
    "video/webm",
    "text/plain",
}


def download(service: Service, given: Given) -> Response:
    """A file of a run."""
    run = service.runs.get(RunId(given.text("run")))
    path = given.text("path")
    return file_response(
        service.files.open(run.id, path),
        path,
        given.find_text("range"),
        attached=given.flag("save"),
    )


def file_response(file: BinaryIO, path: str, said: str | None, *, attached: bool) -> Response:
    """Send a file, as long as it is now: it may grow meanwhile.

    Args:
        file: Open for reading; it is closed when it was sent.
        path: The path, of which the name is told.
        said: The bytes that are asked for, as in `bytes=0-99`.
        attached: Let the browser save it.
    """
    size_bytes = file.seek(0, 2)
    begin, end = _part(said, size_bytes)
    name = path.rpartition("/")[2]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_shown = kind in _SHOWN and not attached
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": (
            f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''"
            f"{urllib.parse.quote(name.encode('utf-8', 'replace'), safe='')}"
        ),
        "Content-Length": str(max(0, end - begin)),
        "Content-Security-Policy": FILE_POLICY,
    }
    if said is not None:
        if begin >= end:
            file.close()
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size_bytes}"})
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size_bytes}"
    media_type = (
        kind
        if is_shown and kind != "text/plain"
        else ("text/plain; charset=utf-8" if is_shown else "application/octet-stream")
    )
    return StreamingResponse(
        _pieces(file, begin, end), 200 if said is None else 206, headers, media_type
    )


def _part(said: str | None, size_bytes: int) -> tuple[int, int]:
    """Begin and end of the bytes that are asked for; what is no range is all of it."""
    found = _RANGE.fullmatch(said or "")
    if found is None or not (found[1] or found[2]):
        return 0, size_bytes
    if not found[1]:
        return max(0, size_bytes - int(found[2])), size_bytes
    end = int(found[2]) + 1 if found[2] else size_bytes
    return int(found[1]), min(end, size_bytes)


def _pieces(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    """The bytes; of a file that was made shorter meanwhile fewer, which ends the connection."""
    with file:
        file.seek(begin)
        left = end - begin
        while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            yield piece


OPERATIONS = (
    Operation(
        "/runs/{run}/file",
        "A file of a run, byte for byte; a part of it with the header Range.",
        "",
        download,
        [
            RUN,
            Parameter("path", "The path within the run.", is_required=True),
            Parameter("save", "Let a browser save it instead of showing it.", bool),
            Parameter("range", "The bytes that are wanted: bytes=0-99.", source="header"),
        ],
        "*/*",
        {
            206: "The bytes that were asked for; `Content-Range` says which.",
            416: "The file has no such bytes; `Content-Range` says how many it has.",
        },
    ),
)
