"""The process around a board: serving, and how it ends."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from trackboard.board.private_folder import remove_around
from trackboard.board.process.handshake import Ready
from trackboard.board.process.urls import with_key_shown
from trackboard.board.series.samples import AS_USUAL, Samples
from trackboard.board.web.access import Access
from trackboard.board.web.admission import Admission
from trackboard.board.web.bodies import WholeBodies
from trackboard.board.web.hosts import is_wildcard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from starlette.types import ASGIApp

    from trackboard.board.provider.opening import BoardProvider
    from trackboard.board.web.routes import Mount

_END_WITHIN_S = 5.0  # after that the process ends without asking
_PARENT_CHECK_S = 1.0
_ANSWERS_AT_ONCE = 8  # more would share the same cores, and each may hold 100,000 points

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """All that a server answers with.

    Attributes:
        app: Answers.
        before_end: Ends what would not end by itself; called in the event loop.
    """

    app: ASGIApp
    before_end: Callable[[], None] = lambda: None


WithPages = Callable[["ASGIApp"], AbstractContextManager[Site]]
"""Put pages beside a board."""


def url_of(listener: socket.socket, prefix: str = "") -> str:
    """The address to open in a browser on this machine, without a key."""
    host, port = listener.getsockname()[:2]
    if host == "127.0.0.1" or is_wildcard(host):
        host = "localhost"
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"http://{authority}{prefix}/"


def serve(
    listener: socket.socket,
    open_data: Callable[[], BoardProvider],
    *,
    access: Access,
    stop: threading.Event,
    on_ready: Callable[[Ready], None],
    prefix: str = "",
    samples: Samples = AS_USUAL,
    with_pages: WithPages | None = None,
) -> None:
    """Show what a data provider has until `stop` is set, then close it.

    Args:
        listener: From `port.listen`.
        open_data: Makes the data provider.
        access: Who may ask.
        stop: Ends the board when set.
        on_ready: Called once the board answers.
        prefix: A path before all addresses, from `prefix.parse_prefix`.
        samples: How much of each series is shown.
        with_pages: Puts pages beside the board; None: there are none.
    """
    from trackboard.board.web.http_server import serving

    with listener, mounted(open_data, samples=samples) as mount:
        board = in_threads(mount)
        found = contextlib.nullcontext(Site(board)) if with_pages is None else with_pages(board)
        with found as site:
            app = Admission(WholeBodies(site.app), access, prefix)
            with serving(app, listener, before_end=site.before_end):
                gc.freeze()  # what was loaded up to here stays: no collection need look at it
                gc.enable()
                on_ready(ready_of(listener, access, prefix))
                stop.wait()


def in_threads(app: WSGIApplication) -> ASGIApp:
    """Let a WSGI application answer in a few threads beside the event loop."""
    from a2wsgi import WSGIMiddleware

    return cast("ASGIApp", WSGIMiddleware(cast(Any, app), workers=_ANSWERS_AT_ONCE))


@contextmanager
def mounted(
    open_data: Callable[[], BoardProvider], *, samples: Samples = AS_USUAL
) -> Iterator[Mount]:
    """Mount TensorBoard on what a data provider has, for the length of a `with` block.

    Args:
        open_data: Makes the data provider.
        samples: How much of each series is shown.
    """
    from trackboard.board import tensorboard_internals as internals
    from trackboard.board.provider.fast_scalars import answer
    from trackboard.board.web.routes import Mount

    internals.hide_tensorflow()
    provider = open_data()
    try:
        logdir = str(provider.log_directory)
        app = internals.build_app(provider, logdir=logdir, samples=samples)

        def answer_time_series(experiment: str, requests: Any) -> bytes | None:
            return answer(provider, experiment, requests)

        yield Mount(app, provider, answer_time_series)
    finally:
        provider.close()


def ready_of(listener: socket.socket, access: Access, prefix: str) -> Ready:
    """Where the board is; the address has the key where nobody could open it without."""
    url, key = url_of(listener, prefix), access.key.text
    is_needed = access.own_uid is None and key
    return Ready(with_key_shown(url, key) if is_needed else url, listener.getsockname()[1], key)


@contextmanager
def stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM set `stop` instead of raising wherever the process happens to be."""

    def set_it(number: int, _frame: types.FrameType | None) -> None:
        _logger.debug("signal %s", number)
        _end(stop)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, set_it) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_with_starter(control: socket.socket, stop: threading.Event, output: Path) -> None:
    """Set `stop` when the starter closes its end or dies, however it does.

    Nobody reads the output then: its file is removed.

    The parent is watched as well: a process that was forked behind Python's back may hold a copy of
    the starter's end open.
    """
    starter = os.getppid()

    def watch() -> None:
        control.settimeout(_PARENT_CHECK_S)
        while os.getppid() == starter:
            try:
                if not control.recv(4096):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        remove_around(output)
        _end(stop)

    threading.Thread(target=watch, name="trackboard-starter", daemon=True).start()


def _end(stop: threading.Event) -> None:
    """End this process in an orderly way, and without asking when that takes too long.

    (It may still be importing and look at `stop` much later, or a file system may hang.)
    """
    stop.set()
    timer = threading.Timer(_END_WITHIN_S, os._exit, (0,))
    timer.daemon = True
    timer.start()
