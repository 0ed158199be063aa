"""Five articles, as they were written: their cells run unchanged in a real kernel.

The articles are not ours to copy: they are read from the folder that holds them, here or on CI.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.jupyter.conftest import Kernel

_CHECKOUT = Path(__file__).parents[3]
_FOLDER = Path(os.environ.get("TRACKBOARD_ARTICLES") or _CHECKOUT.parent / "shared" / "seeds")
_CELL = re.compile(r"^```python[ \t]*\n(.*?)^```", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_ALPHAS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]

# What the article downloads is a TensorFlow script. This one does what that one does to a folder: it
# removes its log folder, writes train/ and test/ below it, and leaves through sys.exit.
_SCRIPT = """
import argparse, os, shutil, sys, time
from tensorboardX import SummaryWriter
from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--log_dir")
log_dir = parser.parse_args().log_dir
shutil.rmtree(log_dir, ignore_errors=True)
writers = [SummaryWriter(os.path.join(log_dir, name), flush_secs=1) for name in ("train", "test")]
run = Run.get_context()
for step in range(600):
    for writer in writers:
        writer.add_scalar("cross_entropy", 1 / (1 + step), step)
        writer.flush()
    run.log("accuracy", step / 600)
    if os.path.exists(os.path.join(os.environ["TEST_TMPDIR"], "end")):
        break
    time.sleep(0.1)
[writer.close() for writer in writers]
sys.exit(0)
"""
_DOWNLOAD = f"""
import requests, types
requests.get = lambda url: types.SimpleNamespace(text={_SCRIPT!r})
"""


def articles() -> list[object]:
    found = sorted(_FOLDER.glob("*.txt"))
    if not found:
        reason = f"no articles in {_FOLDER} (TRACKBOARD_ARTICLES names their folder)"
        return [pytest.param(_FOLDER, marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(path, id=path.stem) for path in found]


def cells_of(article: Path) -> tuple[Sequence[str], Sequence[str]]:
    """The cells of both halves: with native logs, and with the export."""
    cells = _CELL.findall(article.read_text("utf-8"))
    (first_of_second,) = [at for at, cell in enumerate(cells) if "start_logging" in cell]
    return cells[:first_of_second], cells[first_of_second:]


@pytest.mark.parametrize("article", articles())
def test_the_second_half_runs_unchanged(article: Path, kernel: Kernel) -> None:
    _, (*cells, stop) = cells_of(article)
    assert stop.strip() == "tb.stop()"
    *_, export, start = map(kernel.run, cells)

    assert start.result == repr(start.url), "start() returns what it prints"
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


@pytest.mark.parametrize("article", articles())
def test_the_first_half_shows_a_job_while_it_runs(article: Path, kernel: Kernel) -> None:
    (folder, download, configure, cluster, submit, board), _ = cells_of(article)
    start, stop, _ = board.partition("tb.stop()")
    kernel.run(folder)
    kernel.run(_DOWNLOAD + download)
    kernel.run(configure)
    assert "Creating a new compute target..." in kernel.run(cluster).out
    assert "Found existing compute target." in kernel.run(cluster).out
    kernel.run(submit)

    page = kernel.run(start).page
    page.until(lambda page: page.points("accuracy").get("tensorboard-demo/run-1"))
    native = {"tensorboard-demo/run-1/train", "tensorboard-demo/run-1/test"}
    page.until(lambda page: native <= page.points("cross_entropy").keys())
    assert kernel.run("run.get_status()").result == "'Running'"

    (kernel.folder / "mnist_data" / "end").touch()
    assert kernel.run("run.wait_for_completion()['status']").result == "'Completed'"
    kernel.run(stop)
    assert not page.is_there()
