"""The live page in a real browser: what is logged appears without a click."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from tests.waiting import until

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.record import LiveRun
from trackboard.workspace import Workspace

DRAWN = "line-chart path"  # TensorBoard's own: one per curve and one per line of the grid


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.close()


@pytest.fixture
def board(workspace: Workspace) -> Iterator[BoardProcess]:
    board = BoardProcess.start(Show(workspace=workspace.folder), port=0)
    yield board
    board.stop()


@contextlib.contextmanager
def inside(browser: Chrome) -> Iterator[None]:
    browser.switch_to.frame("frame")
    try:
        yield
    finally:
        browser.switch_to.default_content()


def cards(browser: Chrome) -> list[str]:
    with inside(browser):
        script = "return [...document.querySelectorAll('card-view')].map(c => c.innerText)"
        texts: list[str] = browser.execute_script(script)
    return [text.partition("\n")[0] for text in texts]


def points_drawn(browser: Chrome) -> int:
    """Points of the longest curve that TensorBoard has drawn."""
    script = f"return [...document.querySelectorAll('{DRAWN}')].map(p => p.getAttribute('d') || '')"
    with inside(browser):
        curves: list[str] = browser.execute_script(script)
    return max((len(re.findall("[ML]", curve)) for curve in curves), default=0)


def line(browser: Chrome) -> str:
    return browser.find_element(By.ID, "line").text


def logged(workspace: Workspace, points: int, experiment: str = "digits") -> LiveRun:
    run = workspace.recorder().create_run(experiment, name="first")
    for number in range(points):
        run.log("mse", 1 / (number + 1))
    return run


def test_a_chart_grows_without_a_click(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    run = logged(workspace, 30)
    browser.get(f"{board.url}?smoothing=0#timeseries")
    until(lambda: cards(browser) == ["mse"], "no card")
    until(lambda: points_drawn(browser) == 30, "not all points are drawn")
    for number in range(30, 50):
        run.log("mse", 1 / number)
    until(lambda: points_drawn(browser) == 50, "the chart does not grow")
    run.complete()


@pytest.mark.long
def test_runs_that_begin_after_an_empty_page_appear_without_a_click(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    browser.get(board.url)
    with inside(browser):
        until(
            lambda: bool(browser.find_elements(By.CSS_SELECTOR, "app-header-reload button")),
            "TensorBoard does not come up",
        )
    time.sleep(2.5)  # let it find nothing first
    assert cards(browser) == []
    logged(workspace, 5).complete()
    until(lambda: cards(browser) == ["mse"], "the run does not appear")


def test_deep_links_pass_into_the_frame_and_out_again(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    logged(workspace, 5).complete()
    browser.get(f"{board.url}?runFilter=nothing&smoothing=0.25#timeseries")
    with inside(browser):
        filter_box = "input[placeholder*='Filter runs']"
        until(
            lambda: any(
                box.get_attribute("value") == "nothing"
                for box in browser.find_elements(By.CSS_SELECTOR, filter_box)
            ),
            "the filter does not arrive",
        )
        browser.execute_script("location.hash = '#scalars'")
    until(lambda: browser.current_url.endswith("#scalars"), "the tab does not get out")
    assert "runFilter=nothing" in browser.current_url
    browser.execute_script("location.hash = '#timeseries'")
    with inside(browser):
        until(
            lambda: str(browser.execute_script("return location.hash")) == "#timeseries",
            "the tab does not get in",
        )


@pytest.mark.long
def test_one_experiment_by_itself(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    logged(workspace, 5, "digits").complete()
    logged(workspace, 5, "letters").complete()
    browser.get(f"{board.url}tb/letters/")
    until(lambda: cards(browser) == ["mse"], "no card")
    with inside(browser):
        shown = browser.find_element(By.CSS_SELECTOR, "runs-table, runs-data-table").text
    assert "letters/first" in shown
    assert "digits" not in shown


@pytest.mark.long
def test_a_board_that_stopped_is_said_and_one_that_is_back_goes_on(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    logged(workspace, 5).complete()
    browser.get(board.url)
    until(lambda: cards(browser) == ["mse"], "no card")
    assert line(browser) == ""
    board.stop()
    until(lambda: line(browser).startswith("TensorBoard has stopped"), "nothing is said")
    logged(workspace, 7).complete()
    again = BoardProcess.start(Show(workspace=workspace.folder), port=board.port)
    try:
        until(lambda: line(browser) == "", "it does not go on")
        until(lambda: points_drawn(browser) == 7, "what happened meanwhile is not shown")
    finally:
        again.stop()


def test_the_browser_has_nothing_to_complain_about(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    logged(workspace, 5).complete()
    browser.get(board.url)
    until(lambda: cards(browser) == ["mse"], "no card")
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]  # type: ignore[no-untyped-call]
    assert severe == []


def test_everything_of_a_page_comes_with_the_cookie_of_its_key(
    browser: Chrome, workspace: Workspace
) -> None:
    """A board beyond this machine asks for it with every request: page, frame, scripts, data, fonts."""
    logged(workspace, 5).complete()
    board = BoardProcess.start(Show(workspace=workspace.folder), port=0, host="0.0.0.0")
    try:
        url, _, token = board.url.partition("?k=")
        browser.get(url)
        assert "This board asks for its token." in browser.find_element(By.TAG_NAME, "body").text
        browser.get_log("browser")  # type: ignore[no-untyped-call]  # the refusal itself
        browser.get(f"{url}?k={token}&smoothing=0#timeseries")
        until(lambda: cards(browser) == ["mse"], "no card")
        assert token not in browser.current_url
        assert "smoothing=0" in browser.current_url
        assert token not in str(browser.execute_script("return document.cookie"))
        until(lambda: points_drawn(browser) == 5, "no curve")
        severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]  # type: ignore[no-untyped-call]
        assert severe == []
        board.stop()
        board = BoardProcess.start(
            Show(workspace=workspace.folder), port=board.port, host="0.0.0.0"
        )
        until(lambda: line(browser).startswith("This TensorBoard has been started anew"), "silence")
    finally:
        board.stop()


def test_a_board_below_a_prefix_shows_and_reloads_with_its_cookie(
    browser: Chrome, workspace: Workspace
) -> None:
    """What a proxy that passes paths on unchanged asks for."""
    run = logged(workspace, 5)
    show = Show(workspace=workspace.folder)
    board = BoardProcess.start(show, port=0, host="0.0.0.0", path_prefix="/node/keep")
    try:
        assert f":{board.port}/node/keep/?k=" in board.url
        browser.get(f"{board.url}&smoothing=0#timeseries")
        until(lambda: points_drawn(browser) == 5, "no curve")
        assert "/node/keep/?smoothing=0" in browser.current_url
        run.log("mse", 0.1)
        until(lambda: points_drawn(browser) == 6, "the chart does not grow")
    finally:
        board.stop()
        run.complete()


@pytest.mark.long
def test_what_is_left_out_is_said_until_it_is_dismissed(
    browser: Chrome, workspace: Workspace, board: BoardProcess
) -> None:
    logged(workspace, 1500).complete()
    browser.get(f"{board.url}#timeseries")
    said = "1,000 of 1,500 points of 'mse' are shown: --samples scalars=all"
    until(lambda: line(browser).startswith(said), lambda: line(browser))
    browser.find_element(By.ID, "dismiss").click()
    until(lambda: line(browser) == "", "it stays")
