"""The log of a run, a piece at a time: its end at once, however long it is, then what is older."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.errors import NotFound, UsageError
from trackboard.model import RunId
from trackboard.record.log_end import as_seen
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service

PIECE_BYTES = 64 * 1024
_DIGITS = 18


@dataclass(frozen=True)
class LogPage:
    """Lines of a log, progress bars folded and colours left out.

    Attributes:
        lines: The lines.
        begin: Where in the file the first of them begins.
        end: Where the last of them ends.
        size_bytes: How long the file is.
    """

    lines: tuple[str, ...]
    begin: int
    end: int
    size_bytes: int


def read_page(service: Service, run: RunId, path: str, before: int | None) -> LogPage | None:
    """Read whole lines that end at an offset, or the end of the file; None: there is no such file.

    Args:
        service: The workspace.
        run: The run.
        path: The path of the log within the run.
        before: The offset; None: the end.
    """
    whole = service.files.tail(run, path, 0, 0)
    if whole is None:
        return None
    end = whole.size_bytes if before is None else min(before, whole.size_bytes)
    begin = max(0, end - PIECE_BYTES)
    piece = service.files.tail(run, path, begin, end - begin)
    data = b"" if piece is None else piece.data
    if begin:  # where the first whole line begins; of a line that is longer, what there is of it
        cut = data.find(b"\n") + 1
        data, begin = data[cut:], begin + cut
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    lines = text.removesuffix("\n").split("\n") if text else []
    return LogPage(tuple(map(as_seen, lines)), begin, end, whole.size_bytes)


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    run = RunId(request.path_params["run"])
    facts = service.runs.describe([service.runs.get(run)])[0]
    logs = service.files.list_logs(run)
    path = request.query_params.get("path") or (logs[0] if logs else "")
    before = _offset(request.query_params.get("before", ""))
    found = read_page(service, run, path, before) if path else None
    if found is None and path:
        raise NotFound(
            f"run {run} has no log {path[:200]!r}", hint=f"There is: {', '.join(logs) or 'none'}."
        )
    return render(request, "log.html", facts=facts, run=facts.run, logs=logs, path=path, page=found)


def _offset(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise UsageError(f"before={text[:40]!r} is no offset in a file")
    return int(text)
