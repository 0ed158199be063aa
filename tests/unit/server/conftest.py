"""A server without a process: its application, asked directly, on a workspace in a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from trackboard.board.process.key import make_key
from trackboard.board.web.access import Access
from trackboard.record import Recorder
from trackboard.server.application import build
from trackboard.server.live import Changes
from trackboard.server.tensorboard import LateTensorBoard
from trackboard.service import LocalService, open_service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY = make_key()


def board(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Stands for TensorBoard: says how it was asked."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]


@pytest.fixture
def service(empty_folder: Path) -> Iterator[LocalService]:
    service = open_service(empty_folder)
    service.now()  # makes the database, before files are put beside it
    yield service
    service.recorder().close()
    service.close()


@pytest.fixture
def recorder(service: LocalService) -> Recorder:
    return service.recorder()


@pytest.fixture
def app(service: LocalService) -> ASGIApp:
    """The application, for somebody who has the key."""
    late = LateTensorBoard(lambda: contextlib.nullcontext(board))
    return build(service, Access(KEY, command="up"), late, Changes(service))


@pytest.fixture
def client(app: ASGIApp) -> Iterator[TestClient]:
    """Asks as somebody who has the key; a browser's pages unless it says otherwise."""
    with_key = {"Authorization": f"Bearer {KEY.text}"}
    client = TestClient(
        app, "http://localhost:6060", headers=with_key, follow_redirects=False,
        raise_server_exceptions=False,
    )  # fmt: skip
    yield client
    client.close()
