"""A run that logged one of everything, exported, in an unmodified `tensorboard --logdir`: five dashboards.

With SCREENSHOTS set to a folder, each leaves a picture there for people to look at.
"""

from __future__ import annotations

import html
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium.webdriver import Chrome
from tests.waiting import PATIENCE_S, until
from tests.workspaces import api

from trackboard.board.export.export import Export
from trackboard.model import ArtifactKind
from trackboard.record import LiveRun
from trackboard.workspace import Workspace

RUN = "digits/everything"
LABELS = ("cat", "dog", "owl")
THRESHOLDS = [step / 10 for step in range(11)]
QUICK, PYTHON = "--load_fast=true", "--load_fast=false"


def counts(threshold: float, power: int) -> list[int]:
    """True and false positives, true and false negatives."""
    found, wrong = round(200 * (1 - threshold**power)), round(300 * (1 - threshold) ** power)
    return [found, wrong, 300 - wrong, 200 - found]


DOCUMENTS: dict[ArtifactKind, dict[str, Any]] = {
    ArtifactKind.CONFUSION_MATRIX: {
        "class_labels": LABELS,
        "matrix": [[31, 2, 0], [4, 27, 1], [0, 3, 32]],
    },
    ArtifactKind.ACCURACY_TABLE: {
        "probability_tables": [[counts(t, power) for t in THRESHOLDS] for power in (2, 3, 5)],
        "probability_thresholds": THRESHOLDS,
        "class_labels": LABELS,
    },
    ArtifactKind.PREDICTIONS: {
        "bin_averages": [0.2, 0.9, 2.1, 2.8],
        "bin_errors": [0.1, 0.2, 0.15, 0.3],
        "bin_counts": [56, 34, 70, 12],
        "bin_edges": [0, 1, 2, 3, 4],
    },
    ArtifactKind.RESIDUALS: {
        "bin_edges": [-3, -2, -1, 0, 1, 2, 3],
        "bin_counts": [2, 14, 40, 43, 11, 3],
    },
}

# Groups of cards that TensorBoard leaves closed, beyond the first two.
CLOSED = (
    "button.group-toolbar:has(mat-icon[svgicon=expand_more_24px]),"
    " button.heading:not([open-button])"
)

# Everything that matches below the page, also within shadow roots.
DEEP = """
const found = [];
const walk = root => {
  for (const element of root.querySelectorAll('*')) {
    if (element.matches(arguments[0])) found.push(element);
    if (element.shadowRoot) walk(element.shadowRoot);
  }
};
walk(document);
"""


WORDS = """
const words = node => node.nodeType === Node.TEXT_NODE ? node.data
  : [node.shadowRoot, node].flatMap(one => one ? [...one.childNodes] : []).map(words).join('');
"""


@pytest.fixture
def exported(empty_folder: Path) -> Path:
    workspace = Workspace.open(empty_folder / "project")
    top = log_everything(workspace)
    said: list[str] = []
    folder = empty_folder / "exported"
    first = export(workspace, top, folder, said)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = export(workspace, top, folder, said)
    workspace.close()
    assert (first.skipped, first.notes) == ((), ())
    assert all(re.fullmatch(r"\d of 4 runs, \d+ points", each) for each in said), "progress only"
    assert (first.written, again.written) == (4, 0)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return folder


def export(workspace: Workspace, run: LiveRun, folder: Path, said: list[str]) -> Export:
    return api(workspace).service.transfer.export_event_files(
        [run.id], folder, recursive=True, report=said.append
    )


def log_everything(workspace: Workspace) -> LiveRun:
    run = workspace.recorder().create_run("digits", name="everything")
    for step in range(30):
        run.log("loss", 1 / (step + 1))
    run.log("note", "**trained** on a laptop")
    for alpha, mse in ((0.1, 3424.3), (0.2, 3408.9), (0.3, 3372.6)):
        run.log_row("scores", {"alpha": alpha, "mse": mse, "remark": "a|b <i>c</i>"})
    for step in range(3):
        add(workspace, run, "plot", ArtifactKind.IMAGE, picture(step), step)
    for kind, data in DOCUMENTS.items():
        document = {"schema_type": kind.value, "schema_version": "v1", "data": data}
        add(workspace, run, kind.value, kind, json.dumps(document).encode(), None)
    for number, (rate, score) in enumerate(((0.1, 0.71), (0.01, 0.93), (0.001, 0.64))):
        trial = run.child(f"trial {number}")
        trial.set_parameter("rate", rate)
        trial.set_parameter("optimizer", "adam" if number else "sgd")
        trial.set_parameter("nesterov", number == 1)
        trial.set_parameter("layers", 4 if number else "auto")
        trial.set_tag("team", "red")
        trial.log("score", score)
        trial.complete()
    run.complete()
    return run


def add(
    workspace: Workspace,
    run: LiveRun,
    name: str,
    kind: ArtifactKind,
    content: bytes,
    step: int | None,
) -> None:
    key, size = workspace.blobs.put(io.BytesIO(content))
    run.log_artifact(name, kind, f"{name}-{step}", key, size, step)


def picture(step: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (160, 90), ("red", "green", "blue")[step]).save(stream, "PNG")
    return stream.getvalue()


@contextmanager
def tensorboard(folder: Path, reader: str, work: Path) -> Iterator[str]:
    """The stock program on the exported folder; its address."""
    said = work / "tensorboard.txt"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", "0"]
    with said.open("w") as output:
        process = subprocess.Popen([*command, reader], stdout=output, stderr=output)
    try:
        until(lambda: address(said) is not None or process.poll() is not None, "no TensorBoard")
        url = address(said)
        assert url, said.read_text()
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def address(said: Path) -> str | None:
    found = re.search(r"at (http://\S+/) ", said.read_text())
    return found[1] if found else None


def fetch(url: str, path: str, body: object = None, **query: str) -> Any:
    whole = f"{url}data/{path}?{urllib.parse.urlencode(query)}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(whole, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        content: bytes = answer.read()
    is_json = answer.headers["Content-Type"].startswith("application/json")
    return json.loads(content) if is_json else content


@pytest.mark.parametrize("reader", [QUICK, PYTHON])
def test_five_dashboards_are_given_all_of_it(exported: Path, tmp_path: Path, reader: str) -> None:
    with tensorboard(exported, reader, tmp_path) as url:
        until(lambda: len(fetch(url, "runs")) == 4, "not all runs are read")
        until(lambda: "score" in fetch(url, "plugin/scalars/tags").get(f"{RUN}/trial 2", ()), "")
        lit = fetch(url, "plugins_listing")
        names = ("timeseries", "scalars", "images", "text", "pr_curves", "hparams")
        assert [name for name in names if not lit[name]["enabled"]] == []
        check_numbers(url)
        check_images(url)
        check_texts(url)
        check_curves(url)
        check_parameters(url)


def check_numbers(url: str) -> None:
    tags = fetch(url, "plugin/scalars/tags")
    assert set(tags[RUN]) == {"loss", "scores/alpha", "scores/mse"}
    points = fetch(url, "plugin/scalars/scalars", run=RUN, tag="scores/mse")
    assert [(step, value) for _, step, value in points] == [
        (step, pytest.approx(value)) for step, value in enumerate((3424.3, 3408.9, 3372.6))
    ]
    in_cards = fetch(url, "plugin/timeseries/tags")
    assert set(in_cards["scalars"]["tagDescriptions"]) == set()
    assert set(in_cards["images"]["tagRunSampledInfo"]) == {
        "plot",
        "confusion_matrix",
        "predictions",
        "residuals",
    }


def check_images(url: str) -> None:
    tags = fetch(url, "plugin/images/tags")
    assert set(tags[RUN]) == {"plot", "confusion_matrix", "predictions", "residuals"}
    found = fetch(url, "plugin/images/images", run=RUN, tag="plot", sample="0")
    assert [one["step"] for one in found] == [0, 1, 2]
    queries = [dict(urllib.parse.parse_qsl(one["query"])) for one in found]
    shown = [fetch(url, "plugin/images/individualImage", **query) for query in queries]
    assert shown == [picture(step) for step in range(3)]


def check_texts(url: str) -> None:
    assert set(fetch(url, "plugin/text/tags")[RUN]) == {"note", "scores", "confusion_matrix/table"}
    (table,) = fetch(url, "plugin/text/text", run=RUN, tag="scores")
    assert "<p>3 rows</p>" in table["text"]
    assert "<td>3408.9</td>" in table["text"]
    assert "<td>a|b <i>c</i></td>" in html.unescape(table["text"])
    assert "<i>" not in table["text"]
    assert table["step"] == 2
    (matrix,) = fetch(url, "plugin/text/text", run=RUN, tag="confusion_matrix/table")
    assert "<th>true class (down), predicted (across)</th>" in matrix["text"]
    (note,) = fetch(url, "plugin/text/text", run=RUN, tag="note")
    assert "<strong>trained</strong> on a laptop" in note["text"]


def check_curves(url: str) -> None:
    tags = [f"accuracy_table/{label}" for label in LABELS]
    assert set(fetch(url, "plugin/pr_curves/tags")[RUN]) == set(tags)
    (entry,) = fetch(url, "plugin/pr_curves/pr_curves", run=RUN, tag=tags[0])[RUN]
    rows = DOCUMENTS[ArtifactKind.ACCURACY_TABLE]["probability_tables"][0]
    assert entry["true_positives"] == [row[0] for row in rows][:-1]  # not where nothing was found
    assert entry["thresholds"] == pytest.approx(THRESHOLDS[:-1])
    assert entry["precision"][0] == pytest.approx(200 / 500)
    assert entry["recall"][5] == pytest.approx(150 / 200)


def check_parameters(url: str) -> None:
    statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    sort = [{"metric": {"tag": "score", "group": ""}, "order": "ORDER_DESC"}]
    request = {"allowedStatuses": statuses, "colParams": sort, "sliceSize": 100}
    columns = fetch(url, "plugin/hparams/experiment", {})["hparamInfos"]
    assert {one["name"]: one["type"] for one in columns} == {
        "rate": "DATA_TYPE_FLOAT64",
        "optimizer": "DATA_TYPE_STRING",
        "nesterov": "DATA_TYPE_BOOL",
        "layers": "DATA_TYPE_STRING",
        "team": "DATA_TYPE_STRING",
    }
    groups = fetch(url, "plugin/hparams/session_groups", request)["sessionGroups"]
    rows = [(group["name"], group["hparams"]) for group in groups]
    common = {"team": "red"}
    adam = {"optimizer": "adam", "layers": "4", **common}
    sgd = {"optimizer": "sgd", "layers": "auto", **common}
    assert rows == [
        (f"{RUN}/trial 1", {"rate": 0.01, "nesterov": True, **adam}),
        (f"{RUN}/trial 0", {"rate": 0.1, "nesterov": False, **sgd}),
        (f"{RUN}/trial 2", {"rate": 0.001, "nesterov": False, **adam}),
    ]
    scores = [group["metricValues"][0]["value"] for group in groups]
    assert scores == pytest.approx([0.93, 0.71, 0.64])
    assert {group["sessions"][0]["status"] for group in groups} == {"STATUS_SUCCESS"}


def texts(browser: Chrome, selector: str) -> str:
    script = f"{DEEP} {WORDS} return found.map(words).join('\\n')"
    found: str = browser.execute_script(script, selector)
    return found


@pytest.mark.long
def test_people_see_it(browser: Chrome, exported: Path, tmp_path: Path) -> None:
    loaded = (
        f"{DEEP} return found.filter(i => i.naturalWidth > 100 && i.complete"
        " && i.src.includes('individualImage')).length"
    )
    cards = (
        "loss",
        "alpha",
        "mse",
        "score",
        "plot",
        "confusion_matrix",
        "predictions",
        "residuals",
    )
    words = ("trained on a laptop", "a|b <i>c</i>", "3408.9", "true class (down)")
    columns = ("trial 1", "rate", "optimizer", "score", "0.93")

    def has(selector: str, wanted: tuple[str, ...]) -> Callable[[], bool]:
        return lambda: all(word in texts(browser, selector) for word in wanted)

    tabs: dict[str, Callable[[], bool]] = {
        "timeseries": has("card-view", cards),
        "images": lambda: int(browser.execute_script(loaded, "img")) == 4,
        "text": has("tf-markdown-view", words),
        "pr_curves": has("tf-pr-curve-card", tuple(f"accuracy_table/{one}" for one in LABELS)),
        "hparams": has("tf-hparams-table-view", columns),
    }
    with tensorboard(exported, QUICK, tmp_path) as url:
        until(lambda: len(fetch(url, "runs")) == 4, "not all runs are read")
        browser.set_window_size(1500, 3000)  # only cards in sight are drawn
        for tab, is_there in tabs.items():
            browser.get("about:blank")
            browser.get(f"{url}?smoothing=0#{tab}")
            until(lambda seen=is_there: opened(browser) and seen(), f"{tab} does not show all")  # type: ignore[misc]
            leave_picture(browser, f"export-{tab}")


def opened(browser: Chrome) -> bool:
    browser.execute_script(f"{DEEP} found.forEach(button => button.click())", CLOSED)
    return True


def leave_picture(browser: Chrome, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        time.sleep(1.0)  # curves are drawn in a moment
        browser.save_screenshot(str(Path(folder) / f"{name}.png"))
