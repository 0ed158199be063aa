"""A job is run again with other arguments from its page, in a real browser, as a real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from tests.browsing import complaints, text
from tests.serving import Up
from tests.waiting import until

from trackboard.model import RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

FORM = "form[action$='/rerun']"
PRINT = "import sys\nprint('|'.join(sys.argv[1:]))"


def send(browser: Chrome, arguments: str, name: str = "") -> None:
    """Fill in the form of the page that is open, and send it."""
    field = browser.find_element(By.CSS_SELECTOR, f"{FORM} textarea")
    field.clear()
    field.send_keys(arguments)
    browser.find_element(By.CSS_SELECTOR, f"{FORM} [name=name]").send_keys(name)
    browser.find_element(By.CSS_SELECTOR, f"{FORM} button").click()


def test_a_job_runs_again_with_other_arguments(browser: Chrome, jobs: Jobs) -> None:
    run = jobs.submit(PRINT, "--lr", "0.1", "--name", "x y", "--token", "hush")
    assert jobs.wait(run).state is RunState.COMPLETED
    up = Up(jobs.workspace.folder)
    try:
        page = f"{up.url}runs/{run}"
        browser.get(page)
        line = browser.find_element(By.CSS_SELECTOR, f"{FORM} textarea").get_attribute("value")
        assert line == "--lr 0.1 --name 'x y' --token '***'"
        send(browser, line.replace("0.1", "0.01") + " --more 'ü <b>'", "again")
        until(lambda: text(browser, "h1") == "demo/again", "the new run is not shown")
        again = RunId(browser.current_url.rpartition("/")[2])
        assert again != run
        assert jobs.wait(again).state is RunState.COMPLETED
        until(lambda: text(browser, "#state") == "completed", "its end is not shown")
        said = "--lr|0.01|--name|x y|--token|hush|--more|ü <b>"
        assert jobs.console(again).strip() == said, "what is masked is what it was"
        browser.get(f"{up.url}runs/{again}/log")
        until(lambda: said in text(browser, "#log"), "its log is not shown")
        assert "hush" not in text(browser, "h1")
        assert jobs.console(run).strip() == "--lr|0.1|--name|x y|--token|hush", "as it was"
        assert complaints(browser) == []

        browser.get(page)
        send(browser, "--name 'x")
        until(lambda: "cannot be split" in text(browser, "pre.problem"), "the mistake is not told")
        assert text(browser, ".hint") != "", "and what to type"
        browser.back()
        until(lambda: text(browser, "h1") != "Bad Request", "there is no way back")
        assert len(jobs.workspace.store.list_runs()) == 2, "nothing was queued"
    finally:
        up.close()
