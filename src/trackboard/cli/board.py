"""The process of a board: what it shows is put together here, above the board and the workspace."""

from __future__ import annotations

import contextlib
import gc
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from trackboard.board import control
from trackboard.board.port import listen
from trackboard.board.server import serve, stop_on_signals, stop_with_starter, url_of
from trackboard.board.show import Command, Show
from trackboard.errors import NotFound, TrackboardError


def run_process(words: Sequence[str]) -> int:
    """Run a board for a starter (`board.process`), to which all errors are told."""
    command = Command.parse(words)
    connection = socket.socket(fileno=command.control)
    connection.set_inheritable(False)  # what we start must not keep the starter waiting
    stop = threading.Event()
    stop_with_starter(connection, stop, command.output)
    try:
        run_board(
            command.show,
            host=command.host,
            port=command.port,
            stop=stop,
            on_ready=lambda ready: control.send_ready(connection, ready),
        )
    except TrackboardError as error:
        control.send_error(connection, error)
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    command.output.unlink(missing_ok=True)
    return 0


def run_board(
    show: Show,
    *,
    host: str,
    port: int,
    stop: threading.Event,
    on_ready: Callable[[control.Ready], None],
) -> None:
    """Show something until `stop` is set, Ctrl-C or SIGTERM.

    Raises:
        TrackboardError: There is no such history or folder, or no free port.
    """
    with contextlib.ExitStack() as opened:
        opened.enter_context(stop_on_signals(stop))
        opened.enter_context(_uncollected())
        listener = opened.enter_context(listen(host, port))
        if show.log_folder is not None:
            _serve_log_folder(show.log_folder, listener, stop, on_ready)
            return
        from trackboard.board.provider import open_provider
        from trackboard.board.registry import FOLDER, announced
        from trackboard.board.source import View
        from trackboard.model import RunId
        from trackboard.workspace import Workspace

        workspace = opened.enter_context(contextlib.closing(Workspace.open(show.workspace)))
        opened.enter_context(announced(workspace.folder / FOLDER, url_of(listener)))
        source = workspace.source
        runs = None if show.runs is None else tuple(RunId(run) for run in show.runs)
        view = View(show.experiment, runs)
        serve(
            listener,
            lambda: open_provider(source, view, raw_ids=show.raw_ids),
            stop=stop,
            on_ready=on_ready,
        )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Load without looking for garbage: what is loaded stays, and the search is a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _serve_log_folder(
    folder: Path,
    listener: socket.socket,
    stop: threading.Event,
    on_ready: Callable[[control.Ready], None],
) -> None:
    from trackboard.board.provider import open_folder_provider

    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    serve(
        listener,
        lambda: open_folder_provider(folder),
        stop=stop,
        on_ready=on_ready,
        logdir=str(folder),
    )
