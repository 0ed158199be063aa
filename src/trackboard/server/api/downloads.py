"""Files of runs: each as it is, whole or in ranges and never as a page that runs script; many as a zip."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from starlette.responses import Response, StreamingResponse

from trackboard.errors import NotFound
from trackboard.model import RunId
from trackboard.server.api.files import FOLDER
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.server.api.runs import RUN
from trackboard.server.files.media import media_kind
from trackboard.server.files.tree import folder_path
from trackboard.server.files.zip_stream import entry_name, zip_files
from trackboard.server.middleware.headers import FILE_POLICY

if TYPE_CHECKING:
    from trackboard.service import Service

_PIECE_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


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
    part = _part(said, size_bytes)
    is_part = part is not None
    begin, end = part or (0, size_bytes)
    kind = "" if attached else media_kind(path)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": _disposition("inline" if kind else "attachment", path),
        "Content-Length": str(max(0, end - begin)),
        "Content-Security-Policy": FILE_POLICY,
    }
    if is_part:
        if begin >= end:
            file.close()
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size_bytes}"})
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size_bytes}"
    if kind == "text/plain":
        kind = "text/plain; charset=utf-8"
    return StreamingResponse(
        _pieces(file, begin, end),
        206 if is_part else 200,
        headers,
        kind or "application/octet-stream",
    )


def download_zip(service: Service, given: Given) -> Response:
    """The files of a run, or of a folder of it, as a zip."""
    run = service.runs.get(RunId(given.text("run")))
    folder = folder_path(given.find_text("folder") or "")
    files = [each for each in service.files.list(run.id) if each.path.startswith(folder)]
    if not files:
        raise NotFound(
            f"run {run.id} has no files{f' in {folder!r}' if folder else ''}",
            hint=f"GET runs/{run.id}/files lists what it has.",
        )
    name = "-".join([run.name or run.id, *folder.split("/")]).rstrip("-")
    return StreamingResponse(
        zip_files(files, folder, lambda file: service.files.open_listed(run.id, file)),
        headers={"Content-Disposition": _disposition("attachment", entry_name(f"{name}.zip"))},
        media_type="application/zip",
    )


def _disposition(how: str, path: str) -> str:
    name = path.rpartition("/")[2].encode("utf-8", "replace")
    return f"{how}; filename*=UTF-8''{urllib.parse.quote(name, safe='')}"


def _part(said: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Begin and end of the bytes that are asked for; None: all, as of what is no range or several."""
    found = _RANGE.fullmatch(said or "")
    if found is None or not (found[1] or found[2]):
        return None
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
    Operation(
        "/runs/{run}/zip",
        "The files of a run as a zip, each as long as it is when its turn comes.",
        "",
        download_zip,
        [RUN, FOLDER],
        "application/zip",
    ),
)
