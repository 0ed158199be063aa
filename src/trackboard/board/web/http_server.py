"""The HTTP server of boards and of `trackboard up`: uvicorn, in a thread, with bounds for strangers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn

from trackboard.board.web.connections import HEAD_BYTES, Limits, bounded

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_END_S = 1.0  # for answers that are on their way
_STARTED_POLL_S = 0.005

_log = logging.getLogger("uvicorn.error")


class _Server(uvicorn.Server):
    """Tells the application before it waits for the answers that are on their way: streams never end."""

    def __init__(self, before_end: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._before_end = before_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_end()
        await super().shutdown(sockets)


@contextlib.contextmanager
def serving(
    app: ASGIApp,
    listener: socket.socket,
    *,
    before_end: Callable[[], None] = lambda: None,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> Iterator[None]:
    """Serve an application within a `with` block.

    Args:
        app: Answers requests.
        listener: A socket that listens already.
        before_end: Called in the server's event loop when it begins to end: ends what would not by itself.
        limits: What a connection may take.
    """
    _log.setLevel(logging.ERROR)  # who sends no HTTP was told so
    _log.disabled = False
    server = _Server(
        before_end,
        uvicorn.Config(
            app,
            interface="asgi3",
            http=bounded(limits),
            h11_max_incomplete_event_size=HEAD_BYTES,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who asks is read from the socket, and nobody else says it
            timeout_keep_alive=int(limits.idle_s),
            timeout_graceful_shutdown=int(_END_S),
        ),
    )
    thread = threading.Thread(  # asyncio.run ends what the server leaves: tasks of the application
        target=lambda: asyncio.run(server.serve([listener])), name="trackboard-server", daemon=True
    )
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(_STARTED_POLL_S)
        yield
    finally:
        _log.disabled = True  # of answers that are cut off now
        server.should_exit = True
        thread.join(_END_S * 2)
