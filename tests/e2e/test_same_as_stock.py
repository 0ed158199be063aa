"""Every route of TensorBoard's that has data, asked of the stock one and of ours, for the same real files.

As a folder, as a job and as an export of that. What differs is in `EXPLAINED`, with the reason.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Jobs
from tests.waiting import PATIENCE_S, until

from trackboard.board.export import export_runs
from trackboard.board.process import BoardProcess
from trackboard.board.show import Show

_SCRIPT = """
import numpy as np
from tensorboardX import SummaryWriter

random = np.random.default_rng(1)
for name in ("train", "eval/deep"):
    with SummaryWriter(f"logs/{name}") as w:
        for step in range(20):
            w.add_scalar("loss/total", 1 / (1 + step), step)
            w.add_scalar("accuracy", step / 20, step)
        w.add_histogram("weights", random.normal(size=100), 3)
        w.add_image("picture", random.random((3, 8, 8)), 1)
        w.add_text("note", "**bold** and a | b", 2)
        w.add_pr_curve("pr", random.integers(2, size=50), random.random(50), 4)
        w.add_mesh("mesh", random.random((1, 10, 3)))
        w.add_embedding(random.random((5, 3)), metadata=list("abcde"), tag="words", global_step=1)
        w.add_custom_scalars({"all": {"both": ["Multiline", ["loss/total", "accuracy"]]}})
"""
EXPLAINED = {
    "environment": "says where the data is, which differs",
    "plugins_listing": "texts are active: every job has a status",
    "experiments": "the stock one has none to list",
    "plugin/hparams/experiment": "a job's arguments are parameters, and all runs' are merged",
}
_PER_TAG = {
    "scalars": "scalars/scalars",
    "histograms": "histograms/histograms",
    "distributions": "distributions/distributions",
    "text": "text/text",
    "custom_scalars": "",
    "images": "images/images",
    "pr_curves": "pr_curves/pr_curves",
    "mesh": "mesh/meshes",
}


class Page:
    """A TensorBoard, whose runs are called here as the stock one calls them."""

    def __init__(self, url: str, prefix: str = "") -> None:
        self._url = url
        self._prefix = prefix

    def get(self, route: str, **query: Any) -> Any:
        """An answer; bytes as their digest."""
        if "run" in query:
            query["run"] = self._prefix + query["run"]
        url = f"{self._url}data/{route}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                body = response.read()
        except urllib.error.HTTPError as error:
            return f"HTTP {error.code}"
        try:
            return self._plain(json.loads(body))
        except ValueError:
            return hashlib.sha256(body).hexdigest()

    def charts(self, *charts: Mapping[str, Any]) -> Any:
        """What the Time Series tab asks for, all runs of a tag at once."""
        form = urllib.parse.urlencode({"requests": json.dumps(charts)}).encode()
        url = f"{self._url}data/plugin/timeseries/timeSeries"
        with urllib.request.urlopen(url, form, timeout=60) as response:
            return self._plain(json.loads(response.read()))

    def _plain(self, said: Any) -> Any:
        """The answer with the stock names of runs, and with blobs in the place of their keys."""
        if isinstance(said, list):
            return [self._plain(each) for each in said]
        if not isinstance(said, dict):
            own = isinstance(said, str) and self._prefix and said.startswith(self._prefix)
            return said[len(self._prefix) :] if own else said
        plain = {self._plain(key): self._plain(value) for key, value in said.items()}
        if str(said.get("query", "")).startswith("blob_key="):
            key = said["query"].removeprefix("blob_key=")
            plain["query"] = self.get("plugin/images/individualImage", blob_key=key)
        elif "imageId" in plain:
            plain["imageId"] = self.get("plugin/timeseries/imageData", imageId=said["imageId"])
        return {key: value for key, value in plain.items() if key != self._prefix[:-1] or not key}

    def runs(self) -> list[str]:
        return [run for run in self.get("runs") if run != self._prefix[:-1]]

    def all(self) -> Iterator[tuple[str, Any]]:
        """Each question about the files, and its answer."""
        yield "runs", self.runs()
        for plugin, route in _PER_TAG.items():
            listed = self.get(f"plugin/{plugin}/tags") if plugin != "custom_scalars" else {}
            yield f"{plugin} tags", listed
            for run, tags in sorted(listed.items()):
                for tag in tags:
                    yield f"{plugin} {run} {tag}", self.get(f"plugin/{route}", run=run, tag=tag)
        yield "layout", self.get("plugin/custom_scalars/layout")
        yield "graphs", self.get("plugin/graphs/info")
        yield "time series", self.get("plugin/timeseries/tags")
        for plugin, tag in (("scalars", "loss/total"), ("histograms", "weights")):
            yield f"charts of {plugin}", self.charts({"plugin": plugin, "tag": tag})
        for run in self.runs():
            picture = {"plugin": "images", "tag": "picture", "run": self._prefix + run, "sample": 0}
            yield f"picture {run}", self.charts(picture)
        for run in sorted(self.runs()):
            yield f"projector {run}", self.get("plugin/projector/info", run=run)
            for route in ("tensor", "metadata"):
                asked = {"run": run, "name": "words:00001"}
                yield f"{route} {run}", self.get(f"plugin/projector/{route}", **asked)
        yield "projector", sorted(self.get("plugin/projector/runs"))


@contextlib.contextmanager
def stock(logdir: Path) -> Iterator[Page]:
    """An unmodified TensorBoard."""
    words = [sys.executable, "-m", "tensorboard.main", f"--logdir={logdir}", "--port=0"]
    said = logdir.with_suffix(".stock")
    with said.open("wb") as file, subprocess.Popen(words, stdout=file, stderr=file) as process:
        try:
            pattern = re.compile(r"http://localhost:\d+/")
            yield Page(until(lambda: pattern.search(said.read_text()))[0])
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@contextlib.contextmanager
def ours(show: Show, prefix: str = "") -> Iterator[Page]:
    board = BoardProcess.start(show, port=0)
    try:
        yield Page(board.url, prefix)
    finally:
        board.stop()


def answers(page: Page, is_loaded: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """All answers, once the reader behind has read everything."""

    def ask() -> dict[str, Any] | None:
        found = dict(page.all())
        return found if is_loaded(found) and found == dict(page.all()) else None

    return until(ask, "the answers stay different", pause_s=0.5)


def test_all_answers_are_the_same(jobs: Jobs, tmp_path: Path) -> None:
    run = jobs.submit(_SCRIPT)
    ended = jobs.wait(run)
    assert ended.cause == ""
    logs = jobs.workspace.run_folder(run) / "logs"
    exported = tmp_path / "exported"
    export_runs(jobs.workspace.source, [run], exported, report=print)

    def is_loaded(found: Mapping[str, Any]) -> bool:
        return len(found) > 30 and len(found["runs"]) == 2 and len(found["projector"]) == 2

    with stock(logs) as page:
        wanted = answers(page, is_loaded)
    assert not any("HTTP" in str(answer) for answer in wanted.values())
    for what, show, prefix in (
        ("folder", Show(log_folder=logs), ""),
        ("job", Show(workspace=jobs.folder), "demo/run-1/"),
        ("export", Show(log_folder=exported), "demo/run-1/"),
    ):
        with ours(show, prefix) as page:
            found = answers(page, is_loaded)
        differences = {
            question: (found.get(question), wanted.get(question))
            for question in found.keys() | wanted.keys()
            if found.get(question) != wanted.get(question)
        }
        assert differences == {}, what


def test_what_is_not_compared_is_answered_all_the_same(jobs: Jobs) -> None:
    with ours(Show(workspace=jobs.folder)) as page:
        answers = {route: page.get(route) for route in EXPLAINED}
    assert not [route for route in answers if str(answers[route]).startswith("HTTP 5")]
