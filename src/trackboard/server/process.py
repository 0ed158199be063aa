"""The process of `trackboard up`: where it listens, what it holds, how it ends."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from pathlib import Path

from trackboard.board.process.handshake import Ready
from trackboard.board.process.listen import listen
from trackboard.board.process.registry import UP, announced, find_up
from trackboard.board.web.http_server import serving
from trackboard.board.web.output import bounded_output
from trackboard.board.web.prefix import parse_prefix
from trackboard.board.web.serve import ready_of, stop_on_signals, url_of
from trackboard.config import read_settings
from trackboard.errors import Conflict
from trackboard.layout import WorkspacePaths
from trackboard.processes.board import Door, open_board
from trackboard.server.application import build
from trackboard.server.live import Changes
from trackboard.server.tensorboard import LateTensorBoard
from trackboard.service import open_service


def run_server(
    folder: Path,
    door: Door,
    *,
    stop: threading.Event,
    on_ready: Callable[[Ready], None],
) -> None:
    """Show a workspace until `stop` is set, Ctrl-C or SIGTERM.

    Args:
        folder: The workspace's.
        door: Where to listen, and for whom.
        stop: Ends it when set.
        on_ready: Called once it answers.

    Raises:
        Conflict: One runs on this folder already.
        TrackboardError: There is no such history, or no free port.
    """
    paths = WorkspacePaths(folder)
    with contextlib.ExitStack() as opened:
        opened.enter_context(stop_on_signals(stop))
        opened.enter_context(bounded_output())
        _refuse_second(paths.boards)
        prefix = parse_prefix(door.path_prefix)
        service = opened.enter_context(contextlib.closing(open_service(folder)))
        listener = opened.enter_context(listen(door.host, door.port))
        access = door.access(listener, folder, read_settings(folder).allowed_hosts)
        url = url_of(listener, prefix)
        opened.enter_context(announced(paths.boards, url, kind=UP))
        board = LateTensorBoard(functools.partial(open_board, folder))
        opened.callback(board.close)
        changes = Changes(service)
        app = build(service, access, board, changes, prefix=prefix)
        with serving(app, listener, before_end=changes.close):
            on_ready(ready_of(listener, access, prefix))
            stop.wait()


def _refuse_second(boards: Path) -> None:
    running = find_up(boards)
    if running is not None:
        here = "" if running.is_here else f" on {running.host}"
        raise Conflict(
            f"trackboard up runs on this folder already: {running.url}{here}",
            hint="Open that address; trackboard stop ends it.",
        )
