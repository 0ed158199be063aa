"""The log of a run: its end at once, however long it is, lines around an offset, and a search."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.errors import NotFound, UsageError
from trackboard.model import RunId
from trackboard.server.logs.search import Search, search
from trackboard.server.logs.window import Window, read_around, read_before, read_from
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.server.logs.window import Read
    from trackboard.service import Service

_DIGITS = 18


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    run = RunId(request.path_params["run"])
    facts = service.runs.describe([service.runs.get(run)])[0]
    logs = service.files.list_logs(run)
    asked = request.query_params
    path = asked.get("path") or (logs[0] if logs else "")
    expression = asked.get("find", "")
    window, found, problem = None, None, None
    if path:
        read = functools.partial(service.files.tail, run, path)
        try:
            found = search(read, expression, _offset(request, "after") or 0) if expression else None
        except UsageError as error:
            problem = error
        window = _read_window(read, request)
        if window is None:
            raise NotFound(
                f"run {run} has no log {path[:200]!r}",
                hint=f"There is: {', '.join(logs) or 'none'}.",
            )
    return render(
        request,
        "log.html",
        200 if problem is None else 400,
        facts=facts,
        run=facts.run,
        logs=logs,
        path=path,
        page=window,
        follows=not any(name in asked for name in ("from", "at", "before")),
        expression=expression,
        found=found,
        share=_share(found),
        problem=problem,
    )


def _read_window(read: Read, request: Request) -> Window | None:
    at, begin = _offset(request, "at"), _offset(request, "from")
    if at is not None:
        return read_around(read, at)
    if begin is not None:
        return read_from(read, begin)
    return read_before(read, _offset(request, "before"))


def _offset(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise UsageError(
            f"{name}={text[:40]!r} is no offset in a file", hint="A number of bytes from 0."
        )
    return int(text)


def _share(found: Search | None) -> str:
    """How much of a file was searched up to now."""
    if found is None or not found.size_bytes:
        return ""
    return f"{int(100 * found.end / found.size_bytes)} %"
