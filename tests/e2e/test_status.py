"""What TensorBoard's Text tab says of jobs, asked over HTTP of a real board."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver import Chrome
from tests.waiting import PATIENCE_S, until

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.launch.queue.queue import cancel
from trackboard.model import BUILD_LOG, RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

WAITS = (
    "import os, time\nprint('<up> & *running*')\nwhile not os.path.exists({go!r}): time.sleep(0.02)"
)


class Page:
    """A board of a workspace."""

    def __init__(self, board: BoardProcess) -> None:
        self.url = board.url

    def status(self, number: int) -> str:
        """What it says of the job of that number, as HTML."""
        which = urllib.parse.urlencode({"run": f"demo/run-{number}", "tag": "status"})
        (datum,) = self.fetch(f"data/plugin/text/text?{which}")
        text: str = datum["text"]
        return text.replace("&#45;", "-")

    def fetch(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=PATIENCE_S) as answer:
            return json.load(answer)


@pytest.fixture
def page(jobs: Jobs) -> Iterator[Page]:
    board = BoardProcess.start(Show(workspace=jobs.workspace.folder), port=0)
    yield Page(board)
    board.stop()


def test_jobs_tell_what_becomes_of_them(jobs: Jobs, page: Page, tmp_path: Path) -> None:
    go = tmp_path / "go"
    jobs.add_compute("one", 1)
    first = jobs.submit(WAITS.format(go=str(go)), compute="one")
    second = jobs.submit("print('<b>reading</b>')\n1 / 0", compute="one")
    jobs.submit("print('third')", compute="one")

    jobs.wait(first, state=RunState.RUNNING)
    assert page.fetch("data/plugin/text/tags") == {
        f"demo/run-{number}": ["status"] for number in (1, 2, 3)
    }
    assert sorted(page.fetch("data/runs")) == ["demo/run-1", "demo/run-2", "demo/run-3"]
    jobs.until(lambda: "&lt;up&gt; &amp; *running*" in page.status(1))
    assert "<strong>Running</strong> on one since " in page.status(1)
    assert "<strong>Queued</strong> on one, submitted " in page.status(2)
    assert "position 1 of 2 on one" in page.status(2)
    assert "position 2 of 2 on one" in page.status(3)
    assert "one has 1; running there: demo&#47;run-1" in page.status(3)

    token = page.fetch("-/changes")["token"]
    go.touch()
    jobs.wait(second)
    assert page.fetch("-/changes")["token"] != token
    jobs.until(lambda: "<strong>Completed</strong> " in page.status(1))
    assert "<strong>Failed</strong> " in page.status(2)
    assert "the script exited with code 1" in page.status(2)
    assert "&lt;b&gt;reading&lt;/b&gt;" in page.status(2)
    assert "ZeroDivisionError: division by zero\n</code>" in page.status(2)
    assert page.status(2).count("ZeroDivisionError") == 1


def test_a_job_that_prepares_shows_its_build(jobs: Jobs, page: Page) -> None:
    jobs.add_compute("none", 0)
    run = jobs.submit("", compute="none")
    assert "none has no nodes" in page.status(1)
    worker = jobs.workspace.recorder().attach(run, owner=True)
    worker.set_state(RunState.PREPARING)
    worker.append_bytes(BUILD_LOG, 0, b"Resolved 3 packages\n")
    jobs.until(lambda: "Resolved 3 packages\n</code>" in page.status(1))
    assert "<strong>Preparing</strong> on none, submitted " in page.status(1)
    worker.append_bytes(BUILD_LOG, 20, b"Downloading torch\r 50%\r100%\n")
    jobs.until(lambda: "Resolved 3 packages\n100%\n</code>" in page.status(1))
    worker.fail("no solution found:\n  Because there is no torch==99")
    jobs.until(lambda: "<strong>Failed</strong>" in page.status(1))
    assert "<p>no solution found:</p>" in page.status(1).replace("&#58;", ":")
    assert "<code>  Because there is no torch==99\n</code>" in page.status(1)


def test_a_page_of_jobs_without_data_opens_with_what_they_say(
    jobs: Jobs, page: Page, browser: Chrome
) -> None:
    jobs.add_compute("none", 0)
    failed = jobs.submit("raise SystemExit('there is <no data>')")
    waits = jobs.submit("", compute="none")
    jobs.wait(failed)
    enabled = [name for name, each in plugins(page).items() if each["enabled"]]
    assert enabled == ["text", "trackboard_runs"], "the first is what the page opens with"
    browser.get(f"{page.url}-/")
    for said in ("there is <no data>", "position 1 of 1 on none"):
        until_shown(browser, said)
    take_picture(browser, "status")
    cancel(jobs.launch_context, waits)
    jobs.wait(RunId(waits))
    page_reloads(browser)
    until_shown(browser, "it was canceled while it waited")


def plugins(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.fetch("data/plugins_listing")
    return found


ALL_TEXT = """
const text = node => node.nodeType === Node.TEXT_NODE ? node.data
  : ['STYLE', 'SCRIPT', 'TEMPLATE'].includes(node.nodeName) ? ''
  : [...(node.shadowRoot ? node.shadowRoot.childNodes : []), ...node.childNodes].map(text).join(' ');
return text(document.body);
"""


def until_shown(browser: Chrome, said: str) -> None:
    def shown() -> str:
        return str(browser.execute_script(ALL_TEXT))

    until(lambda: said in shown(), lambda: f"{said!r} is not in {shown()!r}", pause_s=0.2)


def page_reloads(browser: Chrome) -> None:
    """Press TensorBoard's own button, as our page around it does."""
    browser.execute_script("document.querySelector('app-header-reload button').click()")


def take_picture(browser: Chrome, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        browser.save_screenshot(f"{folder}/{name}.png")
