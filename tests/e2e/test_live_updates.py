"""What arrives while somebody looks moves nothing: zoom, scroll, choice, selected text and focus stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from tests.browsing import complaints, text
from tests.e2e.test_charts import drag, find, mounted
from tests.waiting import until

from trackboard.record import LiveRun
from trackboard.workspace import Workspace

RUNS, POINTS = 40, 400
# What a reader has before them. Of the focused element it is where it stands on the screen.
LOOK = """
const focused = document.activeElement;
const box = focused.getBoundingClientRect();
return {
  focused: [focused.tagName, focused.id || focused.name || focused.textContent, Math.round(box.left)],
  top: box.top,
  is_seen: box.top >= 0 && box.bottom <= innerHeight,
  caret: focused.value === undefined ? null : [focused.value, focused.selectionStart, focused.selectionEnd],
  selected: document.getSelection().toString(),
  chosen: [...document.querySelectorAll("#runs input:checked")].map((each) => each.value),
  open: [...document.querySelectorAll("details[open]")].map((each) => each.id || each.dataset.group || ""),
  scrolled: [...document.querySelectorAll(".scroll")].map((each) => each.scrollLeft),
};
"""
SELECT = """
const [element] = arguments;
document.getSelection().selectAllChildren(element);
"""
SCROLL = "arguments[0].scrollIntoView({ block: 'center' })"
SCROLL_UP = "arguments[0].scrollIntoView()"
FOCUS = "arguments[0].focus({ preventScroll: true })"


def look(browser: Chrome) -> dict[str, Any]:
    found: dict[str, Any] = browser.execute_script(LOOK)
    assert found["is_seen"], "there is something to be kept"
    return {**found, "top": pytest.approx(found["top"], abs=1)}  # a browser scrolls by whole pixels


def record(workspace: Workspace) -> list[LiveRun]:
    runs = [
        workspace.recorder().create_run("digits", run_id=f"r{number:02}", name=f"try {number}")
        for number in range(RUNS)
    ]
    for number, run in enumerate(runs):
        run.log("loss", float(number))
        run.set_parameter("a rather long name of a parameter", "with a long value " * 5)
        run.set_parameter("another long name of a parameter", "with a long value " * 5)
    return runs


def test_the_table_of_runs(browser: Chrome, workspace: Workspace, url: str) -> None:
    runs = record(workspace)
    workspace.drain()
    browser.get(f"{url}runs?order=loss")
    find(browser, "#matching summary").click()
    find(browser, "#matching [name=key]").send_keys("not sent yet")
    for run in ("r21", "r19"):
        find(browser, f"#run-{run} input").click()
    browser.execute_script(SCROLL, find(browser, "#run-r20"))
    browser.execute_script("document.getElementById('rows').scrollLeft = 90")
    browser.execute_script(SELECT, find(browser, "#run-r22 td:last-child"))
    browser.execute_script(FOCUS, find(browser, "#run-r20 th a"))
    before = look(browser)
    assert before["selected"]
    assert before["chosen"] == ["r21", "r19"]
    assert max(before["scrolled"]) > 0
    runs[25].log("loss", 24.5)
    until(lambda: "24.5" in text(browser, "#run-r25"), "a new point is not shown")
    assert look_anywhere(browser) == before
    workspace.recorder().create_run("digits", run_id="new", name="above all").log("loss", 1e6)
    until(lambda: "above all" in text(browser, "#runs"), "a new run is not shown")
    assert look_anywhere(browser) == before
    runs[20].log("loss", 1e7)
    until(lambda: text(browser, "#runs tbody tr:first-child th") == "try 20", "it does not move up")
    moved = look_anywhere(browser)
    assert moved["focused"][1] == "try 20", "the focus goes with its row"
    rest = {"focused": 0, "is_seen": 0, "top": 0}
    assert {**moved, **rest} == {**before, **rest}
    typed = find(browser, "#matching [name=key]").get_attribute("value")
    assert typed == "not sent yet"
    assert complaints(browser) == []


def look_anywhere(browser: Chrome) -> dict[str, Any]:
    found: dict[str, Any] = browser.execute_script(LOOK)
    return found


def test_the_page_of_a_run(browser: Chrome, workspace: Workspace, url: str) -> None:
    run = workspace.recorder().create_run("digits", run_id="run")
    for name in ("train/loss", "val/loss"):
        for step in range(POINTS):
            run.log(name, 1 / (step + 1), step=step)
    for number in range(RUNS):
        run.set_parameter(f"p{number:02}", number)
    workspace.drain()
    browser.get(f"{url}runs/run")
    loss = "[data-metric='train/loss']"
    until(lambda: browser.find_elements(By.CSS_SELECTOR, loss), "there is no chart")
    browser.execute_script(SCROLL_UP, find(browser, loss))
    until(lambda: mounted(browser) == 2, "the charts are not drawn")
    drag(browser, find(browser, f"{loss} .u-over"), 0.25, 0.5)
    until(lambda: "in all" in text(browser, f"{loss} .said"), "it is not zoomed")
    zoomed = text(browser, f"{loss} .said").partition(" of ")[0]
    browser.execute_script(SELECT, find(browser, "#parameters tr:last-child td"))
    browser.execute_script(FOCUS, find(browser, f"{loss} .reset"))
    before = look(browser)
    assert before["selected"] == str(RUNS - 1)
    run.log("train/loss", 0.25, step=POINTS)
    count = f"of {POINTS + 1} in all"
    until(lambda: count in text(browser, f"{loss} .said"), "a new point is not drawn")
    assert text(browser, f"{loss} .said").partition(" of ")[0] == zoomed
    assert look_anywhere(browser) == before
    run.log("a first/metric", 1.0)
    run.set_parameter("a0", "above the others")
    first = "[data-metric='a first/metric']"
    until(lambda: browser.find_elements(By.CSS_SELECTOR, first), "a new metric has no chart")
    until(lambda: "above the others" in text(browser, "#parameters"), "a parameter is not shown")
    after = look(browser)
    assert {**after, "open": 0} == {**before, "open": 0}
    assert {*after["open"]} == {*before["open"], "a first"}
    assert "in all" in text(browser, f"{loss} .said"), "the zoom stays"
    note = find(browser, "#note")
    browser.execute_script(SCROLL, note)
    note.send_keys("half a sente")
    before = look(browser)
    assert before["caret"] == ["half a sente", 12, 12]
    run.log("train/loss", 0.125, step=POINTS + 1)
    until(lambda: f"{POINTS + 2}" in text(browser, "#metrics"), "a new point is not shown")
    assert look_anywhere(browser) == before
    assert complaints(browser) == []


def test_the_page_of_charts(browser: Chrome, workspace: Workspace, url: str) -> None:
    runs = [workspace.recorder().create_run("digits", run_id=f"r{n}") for n in range(3)]
    for run in runs:
        for name in [f"{group}/loss" for group in "abcdef"]:
            for step in range(POINTS):
                run.log(name, 1 / (step + 1), step=step)
    workspace.drain()
    browser.get(f"{url}charts")
    until(lambda: mounted(browser) > 1, "the charts are not drawn")
    loss = "[data-metric='d/loss']"
    find(browser, ".chart-controls input[type=search]").send_keys("loss")
    browser.execute_script(SCROLL, find(browser, loss))
    drawn = f"{loss} .uplot"
    until(lambda: browser.find_elements(By.CSS_SELECTOR, drawn), "the chart is not drawn")
    drag(browser, find(browser, f"{loss} .u-over"), 0.25, 0.5)
    until(lambda: "in all" in text(browser, f"{loss} .said"), "it is not zoomed")
    browser.execute_script(SELECT, find(browser, f"{loss} h3"))
    browser.execute_script(FOCUS, find(browser, f"{loss} .reset"))
    before = look(browser)
    runs[0].log("d/loss", 0.5, step=POINTS)
    count = 3 * POINTS + 1
    until(lambda: f"of {count:,} in all" in text(browser, f"{loss} .said"), "no new point")
    assert look_anywhere(browser) == before
    new = workspace.recorder().create_run("digits", run_id="new", name="another")
    new.log("d/loss", 0.5, step=POINTS // 3)
    count += 1
    until(lambda: f"of {count:,} in all" in text(browser, f"{loss} .said"), "no new run")
    assert "another" in text(browser, "#legend")
    assert look_anywhere(browser) == before
    assert complaints(browser) == []


def test_a_run_page_opened_before_anything_was_recorded_comes_to_have_all_of_it(
    browser: Chrome, workspace: Workspace, url: str, tmp_path: Path
) -> None:
    run = workspace.recorder().create_run("digits", run_id="r0", name="first")
    workspace.drain()
    browser.get(f"{url}runs/r0")
    until(lambda: "live" in text(browser, "#live"))
    assert not browser.find_elements(By.CSS_SELECTOR, "#parameters, #metrics, #children, #files")
    run.set_parameter("lr", 0.125)
    run.log("loss", 0.5)
    run.child("fold", run_id="r1").complete()
    (tmp_path / "notes.txt").write_text("text")
    run.log_file(tmp_path / "notes.txt")
    for table, said in (
        ("#parameters", "0.125"),
        ("#metrics", "loss"),
        ("#children", "fold"),
        ("#files", "notes.txt"),
    ):
        until(lambda table=table, said=said: said in text(browser, table), f"{table}: no {said}")  # type: ignore[misc]
    until(lambda: mounted(browser) >= 1, "its curve is not drawn")
    run.fail("it broke")
    until(lambda: "it broke" in text(browser, "#said"), "why it ended is not said")
    assert complaints(browser) == []


def test_pages_opened_before_there_was_a_run_come_to_have_it(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    shown = {"charts": "#legend", "runs": "#result", "experiments": "#experiments"}
    for page in (*shown, "trash"):
        browser.switch_to.new_window("window")
        browser.get(f"{url}{page}")
    tabs = dict(zip((*shown, "trash"), browser.window_handles[1:], strict=True))
    run = workspace.recorder().create_run("digits", run_id="r0", name="first")
    run.log("loss", 0.5)
    run.complete()
    for page, part in shown.items():
        browser.switch_to.window(tabs[page])
        said = "digits" if page == "experiments" else "first"
        until(lambda part=part, said=said: said in text(browser, part), f"{page}: no {said}")  # type: ignore[misc]
    browser.switch_to.window(tabs["charts"])
    until(lambda: mounted(browser) == 1, "its curve is not drawn")
    workspace.store.delete_runs([run.id], 1.0)
    browser.switch_to.window(tabs["trash"])
    until(lambda: "first" in text(browser, "#trash"), "it is not in the trash")
    browser.switch_to.window(tabs["experiments"])
    until(lambda: "Trash (1)" in text(browser, "#links"), "nothing leads to the trash")
    assert complaints(browser) == []
