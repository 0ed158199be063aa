"""Five articles, as they were written: their cells run unchanged in a real kernel.

The articles are not ours to copy: they are read from the folder that holds them, here or on CI.
"""

from __future__ import annotations

import gzip
import re
import struct
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.prerequisites import find
from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.jupyter.conftest import Kernel, Page

Cells = tuple[str, ...]

_CELL = re.compile(r"^```python[ \t]*\n(.*?)^```", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_ALPHAS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]

_SCRIPT = (Path(__file__).parents[1] / "programs" / "digits_v1.py").read_text("utf-8")
_DOWNLOAD = f"""
import requests, types
requests.get = lambda url: types.SimpleNamespace(text={_SCRIPT!r})
"""
_INSTALLING_S = 600.0


def halves(which: int) -> list[object]:
    """The cells of the articles' first halves (0: native logs) or second ones (1: the export).

    Several articles have the same cells, to the letter: these run once.
    """
    folder = find("articles")
    if folder is None:
        return [pytest.param(None, marks=pytest.mark.requires("articles"))]
    found: dict[Cells, list[str]] = {}
    for path in sorted(Path(folder).glob("*.txt")):
        found.setdefault(cells_of(path)[which], []).append(path.stem.partition("_")[0])
    return [pytest.param(cells, id="-".join(names)) for cells, names in found.items()]


def cells_of(article: Path) -> tuple[Cells, Cells]:
    """The cells of both halves: with native logs, and with the export."""
    cells = tuple(_CELL.findall(article.read_text("utf-8")))
    (first_of_second,) = [at for at, cell in enumerate(cells) if "start_logging" in cell]
    return cells[:first_of_second], cells[first_of_second:]


@pytest.mark.parametrize("half", halves(1))
def test_the_second_half_runs_unchanged(half: Cells, kernel: Kernel) -> None:
    *cells, stop = half
    assert stop.strip() == "tb.stop()"
    *_, export, start = map(kernel.run, cells)

    assert start.result == "", "start() returns what it shows, and that is shown once"
    assert start.page.runs() == ["export-to-tensorboard/run-1"]
    (alphas,) = start.page.points("alpha").values()
    (errors,) = start.page.points("mse").values()
    assert [step for step, _ in alphas] == [step for step, _ in errors] == [*range(7)]
    assert [value for _, value in alphas] == pytest.approx(_ALPHAS)
    assert [value for _, value in errors] == pytest.approx([3300] * 7, rel=0.1)
    assert export.out.count("nothing to show") == 1, "seven children, one line"
    assert export.err == ""

    kernel.run(stop)
    assert not start.page.is_there()


@pytest.mark.timeout(_INSTALLING_S + 120)
@pytest.mark.parametrize("half", halves(0))
def test_the_first_half_shows_a_job_while_it_runs(half: Cells, kernel: Kernel) -> None:
    """A script of TensorFlow 1 in the environment that the article asks for, built for real.

    What the articles download is answered here: their script by one of our own in the same style, its
    digits by made-up ones. TensorFlow itself comes from PyPI: 600 MB to download once per machine, 2 GB
    on the disk once per session, all articles share it.
    """
    folder, download, configure, cluster, submit, board = half
    start, stop, _ = board.partition("tb.stop()")
    kernel.run(folder)
    kernel.run(_DOWNLOAD + download)
    kernel.run(configure)
    scratch = kernel.folder / "mnist_data"
    write_digits(scratch / "tensorflow" / "mnist" / "input_data")
    assert "Creating a new compute target..." in kernel.run(cluster).out
    assert "Found existing compute target." in kernel.run(cluster).out
    kernel.run(submit)

    page = kernel.run(start).page
    train, test = "tensorboard-demo/run-1/train", "tensorboard-demo/run-1/test"

    def shows_accuracy() -> bool:
        assert kernel.run("run.get_status()").result != "'Failed'", kernel.run("run.get_details()")
        return test in page.points("accuracy")

    until(shows_accuracy, patience_s=_INSTALLING_S, pause_s=1.0)
    for tag in ("accuracy", "cross_entropy"):
        page.until(partial(_has, tag, {train, test}))
    page.until(lambda page: page.points("accuracy")[test][-1][1] > 0.5)
    for plugin, tag in (("histograms", "weights"), ("images", "pixels")):
        tags = page.get(f"data/plugin/{plugin}/tags")[train]
        assert any(tag in each for each in tags), tags
    assert page.get("data/plugin/graphs/info")[train]["run_graph"]
    graph = page.text(f"data/plugin/graphs/graph?run={train}")
    assert 'op: "SparseSoftmaxCrossEntropyWithLogits"' in graph
    assert kernel.run("run.get_status()").result == "'Running'"

    (scratch / "end").touch()
    assert kernel.run("run.wait_for_completion()['status']").result == "'Completed'"
    log = next(kernel.folder.glob(".trackboard/*/runs/*/user_logs/std_log.txt")).read_text()
    assert "stands in for TensorFlow 1" in log
    kernel.run(stop)
    assert not page.is_there()


def _has(tag: str, runs: set[str], page: Page) -> bool:
    return runs <= page.points(tag).keys()


def write_digits(folder: Path) -> None:
    """MNIST's four files, with ten patterns for ten digits, and noise."""
    random = np.random.default_rng(0)
    patterns = random.integers(0, 200, (10, 28 * 28))
    folder.mkdir(parents=True)
    for name, count in (("train", 6000), ("t10k", 200)):
        labels = random.integers(0, 10, count)
        images = patterns[labels] + random.integers(0, 56, (count, 28 * 28))
        head = struct.pack(">IIII", 2051, count, 28, 28)
        data = head + images.astype(np.uint8).tobytes()
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(data, 1))
        data = struct.pack(">II", 2049, count) + labels.astype(np.uint8).tobytes()
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(data, 1))
