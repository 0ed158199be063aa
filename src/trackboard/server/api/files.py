"""Questions about logs and files of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.errors import NotFound
from trackboard.model import CONSOLE, RunId
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.server.api.runs import RUN
from trackboard.server.files.tree import folder_path
from trackboard.service import wire
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.service import Service

MOST_BYTES = 1 << 20  # of a log, in one answer


def list_logs(service: Service, given: Given) -> Json:
    """The paths of a run's logs."""
    run = service.runs.get(RunId(given.text("run")))
    return {"logs": list(service.files.list_logs(run.id))}


def read_log(service: Service, given: Given) -> Json:
    """A piece of a log: from an offset, or its end."""
    run = service.runs.get(RunId(given.text("run")))
    path = given.find_text("path") or CONSOLE
    limit_bytes = min(max(1, given.number("limit_bytes")), MOST_BYTES)
    offset = given.find_number("offset")
    if offset is None:
        whole = service.files.tail(run.id, path, 0, 0)
        offset = 0 if whole is None else max(0, whole.size_bytes - limit_bytes)
    piece = service.files.tail(run.id, path, max(0, offset), limit_bytes)
    if piece is None:
        there_is = ", ".join(service.files.list_logs(run.id)) or "none"
        raise NotFound(f"run {run.id} has no log {path!r}", hint=f"There is: {there_is}.")
    return wire.log_piece(path, piece)


def list_files(service: Service, given: Given) -> Json:
    """The files of a run by path."""
    run = service.runs.get(RunId(given.text("run")))
    inside = folder_path(given.find_text("folder") or "")
    found = service.files.list(run.id)
    return {"files": [wire.file_facts(each) for each in found if each.path.startswith(inside)]}


_PATH = "The path within the run"
FOLDER = Parameter("folder", "Only what is below this folder of the run.")
OPERATIONS = (
    Operation("/runs/{run}/logs", "The paths of a run's logs.", "Logs", list_logs, [RUN]),
    Operation(
        "/runs/{run}/log",
        "A piece of a log, from an offset on; without one, its end.",
        "LogPiece",
        read_log,
        [
            RUN,
            Parameter("path", f"{_PATH}; without it, what the script printed."),
            Parameter("offset", "Where to read on, in bytes: the `end` of the piece before.", int),
            Parameter(
                "limit_bytes", f"How many bytes at most, up to {MOST_BYTES:,}.", int, default=65536
            ),
        ],
    ),
    Operation(
        "/runs/{run}/files", "The files of a run by path.", "Files", list_files, [RUN, FOLDER]
    ),
)
