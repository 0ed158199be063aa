"""The whole way in one browser: a job is watched, the best of 500 runs found, compared, kept and undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from tests.browsing import complaints, text
from tests.waiting import until

from trackboard.launch.request import Request
from trackboard.model import EnvironmentRequest, RunId
from trackboard.service import LocalService
from trackboard.workspace import Workspace

RUNS = 500
RATES = (0.1, 0.01, 0.001)
OF_TENSORBOARD = "WARNING: Multiple instances of Three.js"
TRAINING = """
import pathlib, sys, time
from azureml.core import Run

run = Run.get_context()
step = 0
while not pathlib.Path(sys.argv[1]).exists():
    run.log("loss", 1 / (step + 1))
    print(f"epoch {step}: done", flush=True)
    step += 1
    time.sleep(0.1)
"""


def loss_of(number: int) -> float:
    """The least is in the middle; no two are equal."""
    return abs(number - RUNS * 0.6) + 0.25 + number / 1e6


def record(workspace: Workspace) -> list[int]:
    """Record them; the numbers of those with the rate that is looked for, the best first."""
    for number in range(RUNS):
        run = workspace.recorder().create_run("sweep", run_id=f"r{number}", name=f"try {number}")
        run.set_parameter("lr", RATES[number % len(RATES)])
        run.log("loss", loss_of(number) + 1)
        run.log("loss", loss_of(number))
        run.complete()
    workspace.drain()
    return sorted((each for each in range(RUNS) if each % len(RATES) == 1), key=loss_of)


class Reader:
    """Somebody who reads pages, and what their browser asked for on the way."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser, self._url = browser, url

    def open(self, address: str) -> None:
        self.browser.get(self._url + address)

    def click(self, words: str) -> None:
        """Follow a link, or press a button, that says so."""
        found = f"//a[normalize-space()='{words}'] | //button[normalize-space()='{words}']"
        self.browser.find_element(By.XPATH, found).click()

    def waits_for(self, words: str, selector: str = "main") -> None:
        until(lambda: words in text(self.browser, selector), f"{selector} does not say {words!r}")

    def points(self) -> int:
        said = text(self.browser, "[data-metric='loss'] .said").partition(" ")[0]
        return int(said.replace(",", "") or 0)

    def check(self, *own: str) -> None:
        """Nothing was complained of, and nothing asked for elsewhere."""
        names = self.browser.execute_script(
            "return [location.href, ...performance.getEntriesByType('resource').map((each) => each.name)]"
        )
        elsewhere = [each for each in names if not each.startswith((self._url, *own))]
        assert elsewhere == []
        assert [each for each in complaints(self.browser) if OF_TENSORBOARD not in each] == []


def check_that_its_curve_moves(reader: Reader, job: RunId, stop: Path) -> None:
    reader.open(f"runs/{job}")
    until(lambda: reader.points() > 2, "no curve")
    before = reader.points()
    until(lambda: reader.points() > before + 5, "the curve stands still")
    stop.touch()
    reader.waits_for("completed", "#state")
    reader.check()
    reader.click("Log")
    reader.waits_for("epoch 3: done", ".log")
    reader.check()


def check_that_the_best_is_found(reader: Reader, best: list[int]) -> None:
    browser = reader.browser
    reader.open("runs?column=loss&column=params.lr&experiment=sweep")
    reader.waits_for(f"{RUNS} runs", "#pages")
    browser.find_element(By.CSS_SELECTOR, "form.filter input[name=where]").send_keys("lr = 0.01\n")
    reader.waits_for(f"{len(best)} runs", "#pages")
    for _ in range(2):  # the greatest first, then the least
        browser.find_element(By.XPATH, "//table[@id='runs']//th/a[contains(., 'loss')]").click()
    browser.find_element(By.CSS_SELECTOR, "#views > summary").click()
    browser.find_element(By.CSS_SELECTOR, "#views input[name=name]").send_keys("best at 0.01\n")
    until(lambda: "(1)" in text(browser, "#views > summary"), "the view is not saved")
    reader.open("runs")
    browser.find_element(By.CSS_SELECTOR, "#views > summary").click()
    reader.click("best at 0.01")
    reader.waits_for(f"{len(best)} runs", "#pages")
    rows = browser.find_elements(By.CSS_SELECTOR, "#runs tbody tr")
    for row, number in zip(rows, best[:2], strict=False):
        assert row.find_element(By.CSS_SELECTOR, "th a").text.endswith(f"try {number}")
        row.find_element(By.CSS_SELECTOR, "input").click()
    reader.check()


def check_that_two_are_compared(reader: Reader, best: list[int]) -> None:
    reader.click("Compare the chosen")
    reader.waits_for("2 runs side by side", "h1")
    until(lambda: reader.points() == 4, "their curves are not drawn")
    reader.check()
    reader.click("TensorBoard")
    browser = reader.browser
    browser.switch_to.frame(until(lambda: browser.find_element(By.TAG_NAME, "iframe")))
    for number in best[:2]:
        reader.waits_for(f"try {number}", "runs-data-table")
    browser.switch_to.default_content()
    reader.check("data:", "blob:")
    browser.back()
    reader.waits_for("2 runs side by side", "h1")


def check_that_they_are_kept(reader: Reader, best: list[int], folder: Path) -> None:
    browser = reader.browser
    behavior = {"behavior": "allow", "downloadPath": str(folder)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", behavior)
    reader.click("Save as one HTML file")
    (page,) = until(lambda: [*folder.glob("*.html")], "nothing is saved")
    browser.get(page.as_uri())
    for number in best[:2]:
        reader.waits_for(f"try {number}", "body")
    assert browser.find_elements(By.CSS_SELECTOR, "svg")
    reader.check(page.as_uri())


def check_that_deleting_is_undone(reader: Reader, best: list[int]) -> None:
    reader.open(f"runs/r{best[0]}")
    reader.browser.find_element(By.CSS_SELECTOR, "button.danger").click()
    reader.waits_for("is in the trash")
    reader.click("Undo")
    reader.waits_for(f"sweep/try {best[0]}", "h1")
    reader.check()


@pytest.mark.long
def test_a_day_with_it(browser: Chrome, workspace: Workspace, url: str, tmp_path: Path) -> None:
    best = record(workspace)
    source, kept, stop = tmp_path / "source", tmp_path / "kept", tmp_path / "stop"
    for folder in (source, kept):
        folder.mkdir()
    (source / "train.py").write_text(TRAINING)
    request = Request("training", source, "train.py", [str(stop)], environment=EnvironmentRequest())
    job = LocalService(workspace).jobs.submit(request)
    reader = Reader(browser, url)
    check_that_its_curve_moves(reader, job, stop)
    check_that_the_best_is_found(reader, best)
    check_that_two_are_compared(reader, best)
    check_that_they_are_kept(reader, best, kept)
    check_that_deleting_is_undone(reader, best)
