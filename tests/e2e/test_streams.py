"""One stream for all windows of a browser: who reads it, who takes over, and what comes after a break."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.browsing import complaints, text
from tests.unit.server.conftest import KEY, board
from tests.waiting import until

from trackboard.board.process.listen import listen
from trackboard.board.web.access import Access
from trackboard.board.web.http_server import serving
from trackboard.record import LiveRun
from trackboard.server.application import build
from trackboard.server.live import Changes
from trackboard.server.tensorboard import LateTensorBoard
from trackboard.service import LocalService, open_service


class Served:
    """A server in this process, which counts what it is asked for."""

    def __init__(self, service: LocalService) -> None:
        self._service, self._running = service, contextlib.ExitStack()
        self.changes, self.asked, self.port = Changes(service), Counter[str](), 0
        self.begin()

    def begin(self) -> None:
        self.changes = Changes(self._service)
        late = LateTensorBoard(lambda: contextlib.nullcontext(board))
        app = build(
            self._service, Access(KEY, own_uid=os.getuid(), command="up"), late, self.changes
        )
        listener = self._running.enter_context(listen("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._running.enter_context(
            serving(self._count(app), listener, before_end=self.changes.close)
        )

    def end(self) -> None:
        self._running.close()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    def _count(self, app: ASGIApp) -> ASGIApp:
        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            self.asked[scope.get("path", "")] += 1
            await app(scope, receive, send)

        return counting


@pytest.fixture
def service(empty_folder: Path) -> Iterator[LocalService]:
    service = open_service(empty_folder)
    yield service
    service.recorder().close()
    service.close()


@pytest.fixture
def run(service: LocalService) -> LiveRun:
    run = service.recorder().create_run("digits", run_id="r0", name="first")
    run.log("loss", 0.5)
    service.now()
    return run


@pytest.fixture
def served(service: LocalService) -> Iterator[Served]:
    served = Served(service)
    yield served
    served.end()


def open_windows(browser: Chrome, served: Served, run: LiveRun, count: int) -> list[str]:
    """Windows beside each other, all of them on the screen, with the page of a run."""
    for number in range(count):
        if number:
            browser.switch_to.new_window("window")
        browser.get(f"{served.url}runs/{run.id}")
    return list(browser.window_handles)


def sees(browser: Chrome, window: str, said: str) -> None:
    browser.switch_to.window(window)
    until(lambda: said in text(browser, "#main"), f"a window does not show {said!r}")


def check_that_windows_share_it(
    browser: Chrome, served: Served, service: LocalService, run: LiveRun
) -> None:
    windows = open_windows(browser, served, run, 3)
    until(lambda: served.changes.listeners == 1, "nobody listens")
    run.set_tag("round", "the first")
    for window in windows:
        sees(browser, window, "the first")
    assert served.asked["/api/v1/changes"] == 1
    assert served.changes.listeners == 1
    browser.switch_to.window(windows[0])  # which reads the stream
    browser.close()
    until(lambda: served.asked["/api/v1/changes"] == 2, "nobody takes over")
    run.set_tag("round", "the second")
    for window in windows[1:]:
        sees(browser, window, "the second")
    assert served.changes.listeners == 1

    browser.switch_to.new_window("tab")  # in front of the last window's page
    blank = browser.current_window_handle
    browser.switch_to.window(windows[1])
    browser.close()
    until(lambda: served.changes.listeners == 0, "a page that is not seen listens")
    before = served.asked.total()
    run.set_tag("round", "the third")
    service.now()
    assert served.asked.total() == before, "a page that is not seen asks"
    browser.switch_to.window(blank)
    browser.close()
    sees(browser, windows[2], "the third")
    assert complaints(browser) == []


def check_that_a_break_loses_nothing(browser: Chrome, served: Served, run: LiveRun) -> None:
    windows = open_windows(browser, served, run, 2)
    run.set_tag("round", "before")
    for window in windows:
        sees(browser, window, "before")
    served.end()
    for window in windows:
        browser.switch_to.window(window)
        until(lambda: "not connected" in text(browser, "#live"), "a break is not told")
    run.set_tag("round", "meanwhile")
    served.begin()
    for window in windows:
        sees(browser, window, "meanwhile")
        until(lambda: text(browser, "#live") == "live", "it stays broken")
    assert served.changes.listeners == 1
    browser.close()
    browser.switch_to.window(windows[0])


def check_that_it_listens_without_locks(browser: Chrome, served: Served, run: LiveRun) -> None:
    source: dict[str, Any] = {
        "source": "Object.defineProperty(navigator, 'locks', { value: undefined })"
    }
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
    browser.get(f"{served.url}runs/{run.id}")
    assert browser.execute_script("return navigator.locks === undefined")
    until(lambda: served.changes.listeners == 1, "it does not listen")
    run.set_tag("round", "alone")
    sees(browser, browser.current_window_handle, "alone")


def test_windows_share_one_stream(
    browser: Chrome, served: Served, service: LocalService, run: LiveRun
) -> None:
    check_that_windows_share_it(browser, served, service, run)
    check_that_a_break_loses_nothing(browser, served, run)
    check_that_it_listens_without_locks(browser, served, run)
    run.complete()
