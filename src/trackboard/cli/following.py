"""Printing the logs of a run, once or while it goes on."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import words
from trackboard.errors import NotFound, Unavailable
from trackboard.layout.reading import open_regular
from trackboard.layout.safe_paths import place_inside, safe_path
from trackboard.model import BUILD_LOG, CONSOLE, LOG_FOLDERS, console_of_rank
from trackboard.record.log_end import as_seen, read_end

if TYPE_CHECKING:
    from trackboard.model import Run, RunId
    from trackboard.workspace import Workspace

_OURS = "[trackboard] "  # before what the worker says in a console
_FIRST_OF_MANY = console_of_rank(0)  # holds the same as the console
_FIRST_S, _LAST_S = 0.05, 0.5  # between two looks: quick while something happens
_PIECE_BYTES = 1 << 16
_END_LINES = 500  # of a console, in which the lines of a cause are looked for


def list_logs(workspace: Workspace, run: RunId) -> list[str]:
    """Logs of a run by path, what the script printed first."""
    paths = [
        file.path
        for file in workspace.store.list_files(run)
        if not file.key and file.path.startswith(LOG_FOLDERS) and "tfevents" not in file.path
        if safe_path(file.path) is not None
    ]
    return sorted(paths, key=lambda path: (path != CONSOLE, path))


def print_files(workspace: Workspace, run: RunId, paths: Sequence[str] | None) -> bool:
    """Print logs of a run as they are now.

    Args:
        workspace: Where.
        run: The run.
        paths: Which; None: all, each under its name.

    Returns:
        Whether there is one.
    """
    _Printing(workspace, run, paths).go_on()
    folder = workspace.run_folder(run)
    return any((folder / path).exists() for path in paths or list_logs(workspace, run))


def follow_run(workspace: Workspace, run: RunId, paths: Sequence[str] | None) -> Run | None:
    """Print logs of a run as they grow, and on standard error what it waits for, until it has ended.

    Args:
        workspace: Where.
        run: The run.
        paths: As in `print_files`.

    Returns:
        The run as it is then; None: it was deleted.
    """
    printing = _Printing(workspace, run, paths)
    said, pause_s = "", _FIRST_S
    while True:
        with contextlib.suppress(Unavailable):  # what waits goes on waiting, and is tried again
            workspace.advance_queue()  # there is no daemon: whoever looks makes the queue go on
        found = workspace.find_by_id(run)
        is_over = found is None or found.state.is_terminal
        says = "" if found is None or is_over else _waits_for(workspace, found)
        if says != said:
            said = says
            if says:
                click.echo(f"trackboard: {says}", err=True)
        has_printed = printing.go_on()
        if is_over:
            return found
        pause_s = _FIRST_S if has_printed else min(_LAST_S, pause_s * 1.5)
        time.sleep(pause_s)


def end_with(workspace: Workspace, run: RunId) -> None:
    """Follow what a run prints; the command ends as the run does.

    Raises:
        Exit: It has not completed.
    """
    try:
        found = follow_run(workspace, run, [BUILD_LOG, CONSOLE])
    except KeyboardInterrupt:
        click.echo(f"\nthe run goes on; end it with: trackboard cancel {run}", err=True)
        raise
    if found is None or found.state.value != "completed":
        state = "deleted" if found is None else found.state.value
        cause = _what_is_new(found.cause, workspace.run_folder(run) / CONSOLE) if found else []
        why = ": " + "\n".join(map(words.clean, cause)) if cause else ""
        click.echo(f"trackboard: run {run} {state}{why}", err=True)
        raise click.exceptions.Exit(1)


def _what_is_new(cause: str, console: Path) -> list[str]:
    """The lines of a cause; the first alone when the console, which was printed, has the others."""
    lines = cause.splitlines()
    shown = {line.removeprefix(_OURS).strip() for line in read_end(console, _END_LINES)}
    more = {as_seen(line).strip() for line in lines[1:]}
    if more <= shown | {""}:
        return [line.removesuffix(":").removesuffix("; its last lines") for line in lines[:1]]
    return lines


def _waits_for(workspace: Workspace, run: Run) -> str:
    """What a run that prints nothing yet is busy with."""
    from trackboard.launch.queue.position import queue_position

    position = queue_position(workspace.store, run.id)
    if position is not None:
        return f"{run.id} is queued, number {position[1]} of those that wait for {position[0]}"
    if run.state.value in ("running", "queued"):  # it starts at once
        return ""
    # how long something takes changes all the time
    return f"{run.id} is {run.state.value}" + (
        ": " + run.cause.partition(" (")[0] if run.cause else ""
    )


class _Printing:
    """How far the logs of a run were printed."""

    def __init__(self, workspace: Workspace, run: RunId, paths: Sequence[str] | None) -> None:
        self._workspace = workspace
        self._run = run
        self._paths = paths
        self._shown: dict[str, int] = {}
        self._named = ""  # the log whose name was printed last

    def go_on(self) -> bool:
        """Print what is new; whether there was anything."""
        has_printed = False
        for path in self._list():
            for piece in self._new_of(path):
                if self._paths is None and self._named != path:
                    self._named = path
                    sys.stdout.buffer.write(f"==> {path} <==\n".encode())
                sys.stdout.buffer.write(piece)
                has_printed = True
        sys.stdout.flush()
        return has_printed

    def _list(self) -> Sequence[str]:
        if self._paths is not None:
            return self._paths
        return [path for path in list_logs(self._workspace, self._run) if path != _FIRST_OF_MANY]

    def _new_of(self, path: str) -> Iterator[bytes]:
        """As it is: colours and progress bars are what a console is made of."""
        try:
            place = place_inside(self._workspace.run_folder(self._run), path)
            file = open(open_regular(place, "log"), "rb")  # noqa: SIM115 - closed below
        except NotFound:
            return
        with file:
            offset = self._shown.get(path, 0)
            if file.seek(0, 2) < offset:
                offset = 0  # it was begun anew
            file.seek(offset)
            while piece := file.read(_PIECE_BYTES):
                offset += len(piece)
                self._shown[path] = offset
                yield piece
