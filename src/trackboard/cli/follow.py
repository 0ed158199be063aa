"""Printing the logs of a run, once or while it goes on."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.errors import Unavailable
from trackboard.model import BUILD_LOG, CONSOLE, console_of_rank
from trackboard.record.log_end import END_BYTES, as_seen, last_lines

if TYPE_CHECKING:
    from trackboard.model import Run, RunId
    from trackboard.service import Service

_OURS = "[trackboard] "  # before what the worker says in a console
_FIRST_OF_MANY = console_of_rank(0)  # holds the same as the console
_FIRST_S, _LAST_S = 0.05, 0.5  # between two looks: quick while something happens
_END_LINES = 500  # of a console, in which the lines of a cause are looked for


def print_files(
    service: Service, run: RunId, paths: Sequence[str] | None, *, lines: int | None = None
) -> bool:
    """Print logs of a run as they are now.

    Args:
        service: The workspace.
        run: The run.
        paths: Which; None: all, each under its name.
        lines: So many of the last lines of each; None: all.

    Returns:
        Whether there is one.
    """
    _Printing(service, run, paths, lines).go_on()
    known = service.files.list_logs(run) if paths is None else paths
    return any(service.files.tail(run, path, 0, 0) is not None for path in known)


def follow_run(
    service: Service, run: RunId, paths: Sequence[str] | None, *, lines: int | None = None
) -> Run | None:
    """Print logs of a run as they grow, and on standard error what it waits for, until it has ended.

    Args:
        service: The workspace.
        run: The run.
        paths: As in `print_files`.
        lines: As in `print_files`, of what is there already.

    Returns:
        The run as it is then; None: it was deleted.
    """
    printing = _Printing(service, run, paths, lines)
    said, pause_s = "", _FIRST_S
    while True:
        with contextlib.suppress(Unavailable):  # what waits goes on waiting, and is tried again
            service.jobs.advance_queue()  # there is no daemon: whoever looks makes the queue go on
        found = service.runs.find(run)
        is_over = found is None or found.state.is_terminal
        says = "" if found is None or is_over else _waits_for(service, found)
        if says != said:
            said = says
            if says:
                click.echo(f"trackboard: {says}", err=True)
        has_printed = printing.go_on()
        if is_over:
            return found
        pause_s = _FIRST_S if has_printed else min(_LAST_S, pause_s * 1.5)
        time.sleep(pause_s)


def end_with(service: Service, run: RunId) -> None:
    """Follow what a run prints; the command ends as the run does.

    Raises:
        Exit: It has not completed.
    """
    try:
        found = follow_run(service, run, [BUILD_LOG, CONSOLE])
    except KeyboardInterrupt:
        click.echo(f"\nthe run goes on; end it with: trackboard cancel {run}", err=True)
        raise
    if found is None or found.state.value != "completed":
        state = "deleted" if found is None else found.state.value
        cause = _what_is_new(found.cause, _console_end(service, run)) if found else []
        why = ": " + "\n".join(map(formatting.clean, cause)) if cause else ""
        click.echo(f"trackboard: run {run} {state}{why}", err=True)
        raise click.exceptions.Exit(1)


def _console_end(service: Service, run: RunId) -> list[str]:
    """Return the last lines of a console."""
    whole = service.files.tail(run, CONSOLE, 0, 0)
    if whole is None:
        return []
    begin = max(0, whole.size_bytes - END_BYTES)
    end = service.files.tail(run, CONSOLE, begin, END_BYTES)
    return [] if end is None else last_lines(end.data, _END_LINES, is_whole=not begin)


def _what_is_new(cause: str, console: list[str]) -> list[str]:
    """The lines of a cause; the first alone when the console, which was printed, has the others."""
    lines = cause.splitlines()
    shown = {line.removeprefix(_OURS).strip() for line in console}
    more = {as_seen(line).strip() for line in lines[1:]}
    if more <= shown | {""}:
        return [line.removesuffix(":").removesuffix("; its last lines") for line in lines[:1]]
    return lines


def _waits_for(service: Service, run: Run) -> str:
    """What a run that prints nothing yet is busy with."""
    position = service.jobs.find_position(run.id)
    if position is not None:
        number = f"number {position.number} of those that wait for {position.compute}"
        return f"{run.id} is queued, {number}"
    if run.state.value in ("running", "queued"):  # it starts at once
        return ""
    # how long something takes changes all the time
    return f"{run.id} is {run.state.value}" + (
        ": " + run.cause.partition(" (")[0] if run.cause else ""
    )


class _Printing:
    """How far the logs of a run were printed."""

    def __init__(
        self, service: Service, run: RunId, paths: Sequence[str] | None, lines: int | None
    ) -> None:
        self._service = service
        self._run = run
        self._paths = paths
        self._shown: dict[str, int] = {}
        if lines is not None:
            self._shown = {
                path: begin_of_last_lines(service, run, path, lines) for path in self._list()
            }
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
        return [path for path in self._service.files.list_logs(self._run) if path != _FIRST_OF_MANY]

    def _new_of(self, path: str) -> Iterator[bytes]:
        """As it is: colours and progress bars are what a console is made of."""
        while piece := self._service.files.tail(self._run, path, self._shown.get(path, 0)):
            self._shown[path] = piece.end
            if not piece.data:
                return
            yield piece.data


def begin_of_last_lines(service: Service, run: RunId, path: str, lines: int) -> int:
    """Find where in a log its last lines begin, in bytes; a last line without an end counts as one."""
    whole = service.files.tail(run, path, 0, 0)
    end = 0 if whole is None else whole.size_bytes
    if not lines:
        return end
    begin, wanted = end, lines + 1  # ends of lines: one more than there are lines
    while begin > 0:
        start = max(0, begin - END_BYTES)
        piece = service.files.tail(run, path, start, begin - start)
        data = b"" if piece is None else piece.data
        if begin == end and not data.endswith(b"\n"):
            wanted -= 1
        for found in reversed(range(len(data))):
            wanted -= data[found : found + 1] == b"\n"
            if not wanted:
                return start + found + 1
        begin = start
    return 0
