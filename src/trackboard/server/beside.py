"""The pages of `trackboard up` beside a board of `trackboard tb` or `start()`, which has the root.

Nothing of them is loaded before somebody asks for one: who stays in TensorBoard does not wait for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.board.web.serve import Site
from trackboard.server.middleware.headers import route_of
from trackboard.server.middleware.root import mark_root

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from trackboard.server.live import Changes

# What addresses of pages begin with. TensorBoard's own addresses, and views, are the others.
PAGE_NAMES = frozenset(
    {
        "api",
        "assets",
        "charts",
        "compare",
        "compute",
        "experiments",
        "export",
        "health",
        "matching",
        "runs",
        "trash",
        "views",
    }
)


@contextlib.contextmanager
def with_pages(folder: Path, board: ASGIApp) -> Iterator[Site]:
    """Put the pages of a workspace beside a board, which has the root, within a `with` block.

    Args:
        folder: The workspace's.
        board: Answers what is no page.
    """
    with contextlib.ExitStack() as opened:
        pages = _LatePages(folder, opened)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            first = route_of(scope).split("/", 2)[1].partition(".")[0]
            app = await pages.load() if first in PAGE_NAMES else board
            await app(mark_root(scope), receive, send)

        yield Site(answer, pages.end_streams)


class _LatePages:
    """The application of the pages, made at the first question for it."""

    def __init__(self, folder: Path, opened: contextlib.ExitStack) -> None:
        self._folder, self._opened = folder, opened
        self._app: ASGIApp | None = None
        self._changes: Changes | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> ASGIApp:
        async with self._lock:
            if self._app is None:
                self._app = await asyncio.to_thread(self._open)
            return self._app

    def end_streams(self) -> None:
        if self._changes is not None:
            self._changes.close()

    def _open(self) -> ASGIApp:
        from trackboard.server.application import build_pages
        from trackboard.server.live import Changes
        from trackboard.service import open_service

        service = self._opened.enter_context(contextlib.closing(open_service(self._folder)))
        self._changes = Changes(service)
        return build_pages(service, self._changes)
