"""The process of `trackboard up`: where it listens, what it holds, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from trackboard.board.process.handshake import Ready
from trackboard.board.process.listen import listen
from trackboard.board.process.registry import UP, announced, find_up
from trackboard.board.web.incoming import HEAD_BYTES, IDLE_S
from trackboard.board.web.output import bounded_output
from trackboard.board.web.prefix import parse_prefix
from trackboard.board.web.serve import ready_of, stop_on_signals, url_of
from trackboard.config import read_settings
from trackboard.errors import Conflict
from trackboard.layout import WorkspacePaths
from trackboard.processes.board import Door, open_board
from trackboard.server.admission.connections import Limits, bounded
from trackboard.server.application import build
from trackboard.server.live import Changes
from trackboard.server.tensorboard import LateTensorBoard
from trackboard.service import open_service

if TYPE_CHECKING:
    from starlette.types import ASGIApp


_END_S = 1.0  # for answers that are on their way
_STARTED_POLL_S = 0.005


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
        with _serving(app, listener, changes):
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


class _Server(uvicorn.Server):
    """Ends the streams before it waits for the answers that are on their way, which streams never end."""

    def __init__(self, changes: Changes, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._changes = changes

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._changes.close()
        await super().shutdown(sockets)


@contextlib.contextmanager
def _serving(app: ASGIApp, listener: socket.socket, changes: Changes) -> Iterator[None]:
    """Serve within a `with` block."""
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # who sends no HTTP was told so
    server = _Server(
        changes,
        uvicorn.Config(
            app,
            http=bounded(Limits()),
            h11_max_incomplete_event_size=HEAD_BYTES,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who asks is read from the socket, and nobody else says it
            timeout_keep_alive=int(IDLE_S),
            timeout_graceful_shutdown=int(_END_S),
        ),
    )
    thread = threading.Thread(  # asyncio.run ends what the server leaves: the look for changes
        target=lambda: asyncio.run(server.serve([listener])), name="trackboard-server", daemon=True
    )
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(_STARTED_POLL_S)
        yield
    finally:
        logging.getLogger("uvicorn.error").disabled = True  # of answers that are cut off now
        server.should_exit = True
        thread.join(_END_S * 2)
