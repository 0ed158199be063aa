"""The way from a notebook's page to TensorBoard: a link to a board that runs, else what to type."""

from __future__ import annotations

import os
import re
import shlex
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from trackboard.api.notebook.elements import code, link
from trackboard.board.process.registry import RunningBoard, list_running
from trackboard.board.process.urls import find_link
from trackboard.board.web.peer import can_find_peers
from trackboard.config import find_location
from trackboard.errors import TrackboardError
from trackboard.layout import WorkspacePaths
from trackboard.model import Run
from trackboard.service import Service

_META = re.compile(r"[.*+?^${}()|[\]\\]")  # of JavaScript's regular expressions
_ADDRESS = re.compile(
    r"http://[\w.:\[\]-]+:(\d{1,5})(?:/|\Z)"
)  # whoever shares the folder writes it


def see_run(service: Service, run: Run, name: str) -> Markup:
    """How to see one run.

    Args:
        service: The workspace.
        run: The run.
        name: What TensorBoard calls it.
    """
    line = [run.id]
    while (above := service.runs.find(line[-1])) and above.parent and above.parent not in line:
        line.append(above.parent)

    def shows(board: RunningBoard) -> bool:
        if board.experiment is not None:
            return board.experiment == run.experiment
        return board.runs is None or not {*line}.isdisjoint(board.runs)

    return _see(service.folder, shows, ["--run", name], f"^{_META.sub(_escaped, name)}(/|$)")


def see_experiment(folder: Path, name: str) -> Markup:
    """How to see an experiment."""
    shows_it = f"^{_META.sub(_escaped, name)}/"
    return _see(
        folder,
        lambda board: board.runs is None and board.experiment in (None, name),
        ["--experiment", name],
        shows_it,
    )


def see_workspace(folder: Path) -> Markup:
    """How to see everything."""
    return _see(folder, lambda board: board.runs is None and board.experiment is None, [], "")


def _see(
    folder: Path, shows: Callable[[RunningBoard], bool], options: list[str], pattern: str
) -> Markup:
    address = _find_board(folder, shows)
    if address:
        query = f"?runFilter={urllib.parse.quote(pattern, safe='')}" if pattern else ""
        return link(address + query, "Open in TensorBoard")
    location = [] if _is_current(folder) else [str(folder)]
    return code(shlex.join(["trackboard", "tb", *location, *options]))


def _find_board(folder: Path, shows: Callable[[RunningBoard], bool]) -> str:
    """The address of a board that this notebook's page can open without a key; empty for none."""
    if not can_find_peers() or os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return ""
    for board in reversed(list_running(WorkspacePaths(folder).boards)):
        found = _ADDRESS.match(board.url)
        if found and board.is_here and shows(board):
            return find_link(board.tensorboard_url, int(found[1]), "").href
    return ""


def _is_current(folder: Path) -> bool:
    """Whether a command that names no folder means this one."""
    try:
        return find_location().folder == folder
    except (TrackboardError, OSError):
        return False


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"
