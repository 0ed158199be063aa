"""The real projector in a real browser: a job's embedding while it runs, afterwards, and from an export."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from tests.e2e.conftest import Jobs
from tests.same_as_stock import ours, stock
from tests.waiting import until

from trackboard.board.export.export import export_runs
from trackboard.board.process.options import Show
from trackboard.model import RunState

_SCRIPT = """
import pathlib, sys, time
import numpy as np
from tensorboardX import SummaryWriter

with SummaryWriter("logs/words") as writer:
    writer.add_scalar("loss", 1, 0)
    labels = [f"animal-{number}" for number in range(7)]
    writer.add_embedding(np.random.default_rng(1).random((7, 4)), labels, tag="zoo", global_step=1)
    while not pathlib.Path(sys.argv[1]).exists():
        time.sleep(0.02)
"""
# All elements that are shown, those in frames and shadow trees too.
_SHOWN = """
const all = root => [...root.querySelectorAll('*')].flatMap(element => [element,
  ...(element.shadowRoot ? all(element.shadowRoot) : []),
  ...(element.contentDocument ? all(element.contentDocument) : [])]);
const shown = all(document).filter(element => element.getClientRects().length);
const find = selector => shown.filter(element => element.matches(selector));
"""


class Projector:
    """What a person sees of it."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self._browser = browser
        browser.get("about:blank")
        browser.get(f"{url}#projector")

    def _ask(self, script: str, *arguments: str) -> Any:
        return self._browser.execute_script(_SHOWN + script, *arguments)

    def shown(self) -> dict[str, Any]:
        """The tensor that is selected, and the numbers above the drawing."""
        script = """
          const texts = selector => find(selector).map(element => element.textContent.trim());
          return {
            tensor: find('paper-dropdown-menu').map(menu => menu.value)[0],
            points: texts('.numDataPoints')[0],
            dimensions: texts('.dim')[0],
            is_drawn: find('#scatter canvas').some(canvas => canvas.width > 100),
          }"""
        found: dict[str, Any] = self._ask(script)
        return found

    def search(self, words: str) -> set[str]:
        """Select a point by its label; returns the labels of its neighbours in the right pane."""
        script = """
          const box = find('vz-projector-input')[0]?.shadowRoot.querySelector('paper-input');
          if (!box) return false;
          box.value = arguments[0];
          return box.dispatchEvent(new Event('input'));"""
        until(lambda: self._ask(script, words), "no search")
        listed = "return find('.nn-list').map(list => list.textContent).join('')"
        return set(re.findall(r"animal-\d", until(lambda: self._ask(listed), "nothing is found")))


@pytest.mark.long  # a minute: it is drawn three times, without a graphics card
def test_an_embedding_is_shown(drawing_browser: Chrome, jobs: Jobs, tmp_path: Path) -> None:
    end = tmp_path / "end"
    run = jobs.submit(_SCRIPT, str(end))
    wanted = {"tensor": "zoo:00001", "points": "7", "dimensions": "4", "is_drawn": True}

    def look(url: str) -> None:
        projector = Projector(drawing_browser, url)
        until(lambda: projector.shown() == wanted, lambda: str(projector.shown()), pause_s=0.2)
        assert projector.search("mal-3") == {f"animal-{number}" for number in (0, 1, 2, 4, 5, 6)}

    with ours(Show(workspace=jobs.folder)) as board:
        until(lambda: board.get("projector/runs"), "the job has written nothing")
        look(board.url)
        assert jobs.run(run).state is RunState.RUNNING
        end.touch()
        jobs.wait(run, state=RunState.COMPLETED)
        look(board.url)
    exported = tmp_path / "exported"
    export_runs(jobs.workspace.source, [run], exported, report=print)
    with stock(exported) as board:
        until(lambda: board.get("projector/runs"), "the export has nothing")
        look(board.url)
