"""The real TensorBoard below `/tb/`, opened when somebody first asks for it.

    /tb/                     all runs; /tb/-/... and /tb/data/... what its page asks
    /tb/<experiment>/...     one experiment

Everything else about it is the board's (`trackboard.board.web.routes`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/tb"
_OF_ALL = ("", "-", "data")  # what may follow where no experiment is named


class LateTensorBoard:
    """A WSGI application below `/tb/`.

    Args:
        open_board: Opens what answers; half a second, most of it to load TensorBoard.
    """

    def __init__(self, open_board: Callable[[], AbstractContextManager[WSGIApplication]]) -> None:
        self._open_board = open_board
        self._opened = contextlib.ExitStack()
        self._app: WSGIApplication | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, whose path is what stands behind `/tb`."""
        with self._lock:
            if self._app is None:
                self._app = self._opened.enter_context(self._open_board())
        if _is_of_one_experiment(environ["PATH_INFO"]):
            environ["SCRIPT_NAME"] = environ["SCRIPT_NAME"].removesuffix(PATH)
            environ["PATH_INFO"] = PATH + environ["PATH_INFO"]
        return self._app(environ, start_response)

    def close(self) -> None:
        """Let go of what was opened."""
        with self._lock:
            self._app = None
            self._opened.close()


def _is_of_one_experiment(path: str) -> bool:
    first, _, rest = path.removeprefix("/").partition("/")
    is_page = rest == "" or rest == "-" or rest.startswith("-/")
    return first not in _OF_ALL or (first == "data" and path.count("/") > 1 and is_page)
