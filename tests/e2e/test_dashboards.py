"""Five dashboards of a run that logged one of everything, in the real TensorBoard and a real browser.

With SCREENSHOTS set to a folder, each leaves a picture there for people to look at.
"""

from __future__ import annotations

import io
import json
import os
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from selenium.webdriver import Chrome
from tests.waiting import PATIENCE_S, until

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.model import ArtifactKind
from trackboard.record import LiveRun
from trackboard.workspace import Workspace

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


# All text below an element, also within shadow roots.
TEXT = """
const unseen = ['STYLE', 'SCRIPT', 'TEMPLATE'];
const text = node => node.nodeType === Node.TEXT_NODE ? node.data
  : unseen.includes(node.nodeName) ? ''
  : [...(node.shadowRoot || node).childNodes, ...(node.shadowRoot ? node.childNodes : [])]
    .map(text).join(' ').replace(/\\s+/g, ' ');
"""

# Sizes of the pictures that were drawn: their own, and as they are shown.
SIZES = """
return found.filter(image => image.complete && image.naturalWidth === 350).map(image => {
  const shown = image.getBoundingClientRect();
  return [image.naturalWidth, image.naturalHeight, shown.width, shown.height];
});
"""

# Groups of cards that TensorBoard leaves closed, beyond the first two.
CLOSED = (
    "button.group-toolbar:has(mat-icon[svgicon=expand_more_24px]),"
    " button.heading:not([open-button])"
)


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.close()


@pytest.fixture
def board(workspace: Workspace) -> Iterator[BoardProcess]:
    log_everything(workspace)
    board = BoardProcess.start(Show(workspace=workspace.folder), port=0)
    yield board
    board.stop()


def log_everything(workspace: Workspace) -> None:
    run = workspace.recorder().create_run("digits", name="everything")
    for step in range(30):
        run.log("loss", 1 / (step + 1))
    run.log("note", "**trained** on a laptop")
    for alpha, mse in ((0.1, 3424.3), (0.2, 3408.9), (0.3, 3372.6)):
        run.log_row("scores", {"alpha": alpha, "mse": mse, "remark": "a|b <i>c</i>"})
    for step in range(3):
        add(workspace, run, "plot", ArtifactKind.IMAGE, picture(step), "plot.png", step)
    for kind, data in documents().items():
        content = json.dumps({"schema_type": kind.value, "schema_version": "v1", "data": data})
        add(workspace, run, kind.value, kind, content.encode(), kind.value)
    for number, (rate, score) in enumerate(((0.1, 0.71), (0.01, 0.93), (0.001, 0.64))):
        trial = run.child(f"trial {number}")
        trial.set_parameter("rate", rate)
        trial.set_parameter("optimizer", "adam" if number else "sgd")
        trial.set_parameter("nesterov", number == 1)
        trial.set_tag("team", "red")
        trial.log("score", score)
        trial.complete()
    run.complete()
    workspace.drain()


def add(
    workspace: Workspace,
    run: LiveRun,
    name: str,
    kind: ArtifactKind,
    content: bytes,
    path: str,
    step: int | None = None,
) -> None:
    key, size = workspace.blobs.put(io.BytesIO(content))
    run.log_artifact(name, kind, path, key, size, step)


def picture(step: int) -> bytes:
    image = Image.new("RGB", (160, 90), "white")
    pen = ImageDraw.Draw(image)
    pen.line([(x, 80 - x * step / 4) for x in range(160)], fill="red", width=2)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def documents() -> dict[ArtifactKind, dict[str, Any]]:
    labels, thresholds = ["cat", "dog", "owl"], [step / 20 for step in range(21)]
    tables = [
        [
            [
                round(200 * (1 - t**power)),
                round(300 * (1 - t) ** power),
                300 - round(300 * (1 - t) ** power),
                200 - round(200 * (1 - t**power)),
            ]
            for t in thresholds
        ]
        for power in (2, 3, 5)
    ]
    return {
        ArtifactKind.CONFUSION_MATRIX: {
            "class_labels": labels,
            "matrix": [[31, 2, 0], [4, 27, 1], [0, 3, 32]],
        },
        ArtifactKind.ACCURACY_TABLE: {
            "probability_tables": tables,
            "probability_thresholds": thresholds,
            "percentile_tables": tables,
            "percentile_thresholds": thresholds,
            "class_labels": labels,
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


def fetch(board: BoardProcess, path: str, body: object = None, **query: str) -> Any:
    url = f"{board.url}data/{path}?{urllib.parse.urlencode(query)}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        content: bytes = answer.read()
    is_json = answer.headers["Content-Type"].startswith("application/json")
    return json.loads(content) if is_json else content


def texts(browser: Chrome, selector: str) -> list[str]:
    found: list[str] = browser.execute_script(f"{DEEP} {TEXT} return found.map(text)", selector)
    return found


def sizes(browser: Chrome) -> list[list[float]]:
    """Of pictures that are shown pixel by pixel both are the same."""
    found: list[list[float]] = browser.execute_script(f"{DEEP} {SIZES}", "img")
    return found


def open_tab(browser: Chrome, board: BoardProcess, tab: str, is_there: Callable[[], bool]) -> None:
    """Open one dashboard without our page around it, and wait until it shows what it should."""
    browser.set_window_size(1500, 3000)  # only cards in sight are drawn
    browser.get(f"{board.url}-/?smoothing=0#{tab}")

    def is_shown() -> bool:
        browser.execute_script(f"{DEEP} found.forEach(button => button.click())", CLOSED)
        return is_there()

    try:
        until(is_shown, f"{tab} does not show what was logged")
    finally:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            time.sleep(1.5)  # for a picture without half of a transition
            browser.save_screenshot(f"{folder}/{tab}.png")


def test_the_tabs_that_have_something_to_show_are_lit(board: BoardProcess) -> None:
    listed = fetch(board, "plugins_listing")
    wanted = {"timeseries", "scalars", "images", "text", "pr_curves", "hparams", "trackboard_runs"}
    assert {name for name, one in listed.items() if one["enabled"]} == wanted


def test_time_series(browser: Chrome, board: BoardProcess) -> None:
    tags = fetch(board, "plugin/timeseries/tags")
    run = "digits/everything"
    assert tags["scalars"]["runTagInfo"][run] == ["loss", "scores/alpha", "scores/mse"]
    wanted = ["loss", "score", "scores/alpha", "scores/mse", "plot", "confusion_matrix"]

    def all_cards() -> bool:
        cards = [text.replace(" ", "") for text in texts(browser, "card-view")]
        return all(any(card.startswith(name) for card in cards) for name in wanted)

    open_tab(browser, board, "timeseries", all_cards)
    until(lambda: sizes(browser) == [[350, 215, 350, 215]] * 3, lambda: str(sizes(browser)))


def test_images(browser: Chrome, board: BoardProcess) -> None:
    run = "digits/everything"
    tags = fetch(board, "plugin/images/tags")
    assert set(tags[run]) == {"plot", "confusion_matrix", "predictions", "residuals"}
    found = fetch(board, "plugin/images/images", run=run, tag="plot", sample="0")
    assert [one["step"] for one in found] == [0, 1, 2]
    with urllib.request.urlopen(
        f"{board.url}data/plugin/images/individualImage?{found[1]['query']}", timeout=PATIENCE_S
    ) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.read() == picture(1)
    loaded = (
        f"{DEEP} return found.filter(i => i.naturalWidth > 100 && i.complete"
        " && i.src.includes('individualImage')).length"
    )
    open_tab(browser, board, "images", lambda: int(browser.execute_script(loaded, "img")) == 4)
    assert sizes(browser) == [[350, 215, 350, 215]] * 3


@pytest.mark.long
def test_text(browser: Chrome, board: BoardProcess) -> None:
    def is_there() -> bool:
        shown = "\n".join(texts(browser, "tf-markdown-view"))
        return (
            "trained on a laptop" in shown
            and "a|b <i>c</i>" in shown
            and "3408.9" in shown
            and "3 rows" in shown
            and "true class (down), predicted (across)" in shown
        )

    assert set(fetch(board, "plugin/text/tags")["digits/everything"]) == {
        "note",
        "scores",
        "confusion_matrix",
    }
    open_tab(browser, board, "text", is_there)


@pytest.mark.long
def test_pr_curves(browser: Chrome, board: BoardProcess) -> None:
    run, tags = "digits/everything", [f"accuracy_table/{label}" for label in ("cat", "dog", "owl")]
    assert list(fetch(board, "plugin/pr_curves/tags")[run]) == tags
    (entry,) = fetch(board, "plugin/pr_curves/pr_curves", run=run, tag=tags[0])[run]
    assert entry["true_positives"][:2] == [200, 200]
    assert entry["precision"][0] == pytest.approx(200 / 500)

    drawn = "return found.filter(p => (p.getAttribute('d') || '').length > 300).length"

    def is_there() -> bool:
        cards = "".join(texts(browser, "tf-pr-curve-card"))
        lines = browser.execute_script(f"{DEEP} {drawn}", "path[style*=stroke], path[stroke]")
        return all(tag in cards for tag in tags) and int(lines) >= 3

    open_tab(browser, board, "pr_curves", is_there)


@pytest.mark.long
def test_hparams(browser: Chrome, board: BoardProcess) -> None:
    sort = [{"metric": {"tag": "score", "group": ""}, "order": "ORDER_DESC"}]
    statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    request = {"allowedStatuses": statuses, "colParams": sort, "sliceSize": 100}
    found = fetch(board, "plugin/hparams/session_groups", request)
    rows = {group["name"]: group["hparams"] for group in found["sessionGroups"]}
    assert next(iter(rows.items())) == (
        "digits/everything/trial 1",
        {"rate": 0.01, "optimizer": "adam", "nesterov": True, "team": "red"},
    )
    assert len(rows) == 3

    def is_there() -> bool:
        shown = "\n".join(texts(browser, "tf-hparams-table-view"))
        return all(word in shown for word in ("trial 1", "rate", "optimizer", "score", "0.93"))

    open_tab(browser, board, "hparams", is_there)
