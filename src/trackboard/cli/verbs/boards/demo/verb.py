"""`trackboard demo`: what a new user sees first."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.listen import DEFAULT_PORT
from trackboard.board.process.options import Show
from trackboard.cli.verbs.boards.demo.check import check_board
from trackboard.cli.verbs.boards.demo.story import (
    CLUSTER,
    KILLED_POINTS,
    fit_ridge,
    kill_a_writer,
    submit_job,
    time_log,
)
from trackboard.cli.workspace_option import folder_option
from trackboard.config import Location, find_location
from trackboard.errors import InternalError, UsageError
from trackboard.model import RunId
from trackboard.service import Service, open_service

_WORKSPACE = "demo"
_JOB_MINUTES = 30.0
_ENDS_WITHIN_S = 20.0


@click.command()
@click.option("--once", is_flag=True, help="Check everything over HTTP, then end.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="A taken one moves on.")
@folder_option
def demo(folder: Path | None, *, once: bool, port: int) -> None:
    """Show a history and a running job in TensorBoard until Ctrl-C."""
    if importlib.util.find_spec("tensorboardX") is None:
        raise UsageError(
            "the demo's job writes TensorBoard logs with tensorboardX, which is not installed",
            hint="Type: pip install 'trackboard[demo]'",
        )
    location = Location(find_location(folder).folder.with_name(_WORKSPACE))
    service = open_service(location)
    with contextlib.closing(service), _running_job(service) as job, _sigterm_as_ctrl_c():
        click.echo(f"history in   {service.folder}")
        ridge = fit_ridge(service)
        board = BoardProcess.start(Show(workspace=service.folder), port=port)
        try:
            _print_start(board, service, job)
            if once:
                _check(board.url, service, ridge, job)
                click.echo("checked      all of this is there over HTTP")
            else:
                click.echo("Ctrl-C ends it; the history stays.")
                _wait(board)
        except KeyboardInterrupt:
            click.echo()
        finally:
            board.stop()


def _print_start(board: BoardProcess, service: Service, job: RunId) -> None:
    if board.moved_from is not None:
        click.echo(f"port         {board.moved_from} is taken: moved on to {board.port}")
    click.echo(f"TensorBoard  {board.url}")
    click.echo("look at      mse: the ridge experiment, one point for each alpha")
    click.echo(f"             accuracy: {_shown(service, job)} on {CLUSTER}, moving by itself")
    click.echo("             Histograms and Graphs: what that job writes under ./logs")
    _, read_back = kill_a_writer(service)
    click.echo(f"SIGKILL      after {KILLED_POINTS:,} points; read back: {read_back:,}")
    click.echo(f"log()        takes {time_log(service):.1f} µs here (median)")
    if read_back != KILLED_POINTS:
        raise InternalError(f"{KILLED_POINTS - read_back} points were lost")


def _check(url: str, service: Service, ridge: RunId, job: RunId) -> None:
    try:
        check_board(url, ridge=_shown(service, ridge), job=_shown(service, job))
    except InternalError as error:
        stored = service.runs.find(job)
        cause = stored.cause if stored else "its run is gone"
        raise InternalError(error.message, hint=f"The job: {cause}" if cause else "") from error


@contextlib.contextmanager
def _running_job(service: Service) -> Iterator[RunId]:
    """A job for the length of the block; nothing of it runs afterwards."""
    job = submit_job(service, minutes=_JOB_MINUTES)
    try:
        yield job
    finally:
        service.jobs.cancel(job)
        deadline_s = time.monotonic() + _ENDS_WITHIN_S
        while not _has_ended(service, job) and time.monotonic() < deadline_s:
            time.sleep(0.1)


def _has_ended(service: Service, job: RunId) -> bool:
    run = service.runs.find(job)
    return run is None or run.state.is_terminal


def _shown(service: Service, run: RunId) -> str:
    stored = service.runs.find(run)
    assert stored is not None
    return service.runs.name([stored])[run]


def _wait(board: BoardProcess) -> None:
    while board.is_running:
        time.sleep(0.2)


@contextlib.contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """A demo that is ended politely leaves no process behind either."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
