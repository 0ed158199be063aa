"""One tag for values of several kinds, in real readers: each dashboard shows its own, by every door."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tensorboard.compat.proto import summary_pb2
from tensorboard.context import RequestContext
from tensorboard.data import provider as tb
from tests.prerequisites import require
from tests.unit.board.conftest import Lab
from tests.unit.board.eventfiles.test_tag_kinds import DT_STRING, record, tensor
from tests.unit.board.eventfiles.test_tag_kinds import write as write_records
from tests.waiting import until

from trackboard.board.eventfiles.discovery import PlainFolder
from trackboard.board.eventfiles.kinds_provider import KindsProvider
from trackboard.board.eventfiles.reader import DataServer, PythonReader, Reader
from trackboard.board.export.export import export_runs
from trackboard.board.provider.combined import BoardProvider
from trackboard.board.provider.opening import open_folder_provider
from trackboard.board.tensorboard_internals import hide_tensorflow
from trackboard.eventfile import encode


def make_histogram(tag: str, step: int) -> Any:
    histogram = summary_pb2.HistogramProto(min=0, max=step + 1, num=3, sum=3, sum_squares=3)
    histogram.bucket_limit.extend([0.5, step + 1])
    histogram.bucket.extend([1, 2])
    return summary_pb2.Summary.Value(tag=tag, histo=histogram)


def make_image(tag: str, step: int) -> Any:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), (step, 0, 0)).save(stream, "PNG")
    content = summary_pb2.Summary.Image(width=4, height=4, encoded_image_string=stream.getvalue())
    return summary_pb2.Summary.Value(tag=tag, image=content)


MAKE: dict[str, Callable[[str, int], Any]] = {
    "scalars": lambda tag, step: summary_pb2.Summary.Value(tag=tag, simple_value=step / 2),
    "histograms": make_histogram,
    "images": make_image,
    "text": lambda tag, _: tensor("text", tag, DT_STRING),
}
LISTS = {
    "scalars": ("list_scalars", "read_scalars"),
    "histograms": ("list_tensors", "read_tensors"),
    "images": ("list_blob_sequences", "read_blob_sequences"),
    "text": ("list_tensors", "read_tensors"),
}
# One after another, at the same steps, beginning again, with a name that JSON escapes, in two files.
RUNS = {
    "after": [[("w", kind, step) for kind in ("histograms", "scalars") for step in range(3)]],
    "same": [[("w", kind, step) for step in range(3) for kind in ("scalars", "images", "text")]],
    "odd": [[('C:\\w"', kind, step) for step in range(3) for kind in ("images", "histograms")]],
    "files": [[("w", kind, step) for step in range(3)] for kind in ("text", "scalars")],
    "one": [[("w", "scalars", step) for step in range(3)]],
}
SHOWN = {
    (run, tag): {kind: [0, 1, 2] for files in RUNS[run] for tag, kind, _ in files}
    for run, tag in (
        ("after", "w"),
        ("same", "w"),
        ("odd", 'C:\\w"'),
        ("files", "w"),
        ("one", "w"),
    )
}


@pytest.fixture(scope="module", autouse=True)
def _no_tensorflow() -> None:
    hide_tensorflow()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()


def add(path: Path, *values: tuple[str, str, int]) -> None:
    """Write a tag, a kind and a step each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_records(path, encode.header(1.7e9))
    write_records(path, *(record(MAKE[kind](tag, step), step=step) for tag, kind, step in values))


def write(folder: Path) -> None:
    for run, files in RUNS.items():
        for number, values in enumerate(files):
            add(folder / run / f"events.out.tfevents.{number}", *values)


def shown(provider: Any, prefix: str = "") -> dict[tuple[str, str], dict[str, list[int]]]:
    """Steps by run and tag, and by kind."""
    found: dict[tuple[str, str], dict[str, list[int]]] = {}
    context = RequestContext()
    for kind, (list_method, read_method) in LISTS.items():
        which = {"experiment_id": "", "plugin_name": kind}
        if kind not in provider.list_plugins(context, experiment_id=""):
            continue
        listed = getattr(provider, list_method)(context, **which)
        read = getattr(provider, read_method)(
            context, **which, downsample=100, run_tag_filter=tb.RunTagFilter(runs=list(listed))
        )
        for run, tags in read.items():
            for tag, data in tags.items():
                if run.startswith(prefix) and data:
                    found.setdefault((run.removeprefix(prefix), tag), {})[kind] = [
                        datum.step for datum in data
                    ]
    return found


def pictures(board: BoardProvider, run: str, tag: str) -> list[bytes]:
    found = board.read_blob_sequences(
        RequestContext(),
        experiment_id="",
        plugin_name="images",
        downsample=100,
        run_tag_filter=tb.RunTagFilter([run], [tag]),
    )
    keys = [datum.values[2].blob_key for datum in found[run][tag]]
    return [board.read_blob(RequestContext(), blob_key=key) for key in keys]


def start_fast(folder: Path) -> Reader:
    return DataServer(folder, require("data-server"))


READERS = [
    pytest.param(start_fast, id="fast", marks=pytest.mark.requires("data-server")),
    pytest.param(PythonReader, id="python"),
]


def is_whole(board: BoardProvider, prefix: str = "") -> bool:
    return shown(board, prefix) == SHOWN


@pytest.mark.parametrize("start", READERS)
def test_every_kind_of_a_folder_is_shown(tmp_path: Path, start: Callable[[Path], Reader]) -> None:
    write(tmp_path)
    board = BoardProvider(None, KindsProvider(PlainFolder(tmp_path), start))
    try:
        until(partial(is_whole, board), lambda: str(shown(board)))
        for run, tag in (("same", "w"), ("odd", 'C:\\w"')):
            images = pictures(board, run, tag)
            assert len(set(images)) == 3
            assert all(image.startswith(b"\x89PNG") for image in images)
        assert not board.left_out
    finally:
        board.close()


def test_what_grows_is_shown_and_the_page_is_told(tmp_path: Path) -> None:
    board = open_folder_provider(tmp_path)
    try:
        path = tmp_path / "run/events.out.tfevents.1"
        add(path, ("w", "scalars", 1))
        until(lambda: shown(board) == {("run", "w"): {"scalars": [1]}})
        token = board.change_token()
        add(path, ("w", "histograms", 1))
        expected = {("run", "w"): {"scalars": [1], "histograms": [1]}}
        until(lambda: shown(board) == expected, lambda: str(shown(board)))
        assert board.change_token() != token
        add(path, ("w", "scalars", 2), ("w", "images", 2))
        expected["run", "w"] = {"scalars": [1, 2], "histograms": [1], "images": [2]}
        until(lambda: shown(board) == expected, lambda: str(shown(board)))
    finally:
        board.close()


def test_every_kind_of_a_run_is_shown_and_views_are_kept_apart(lab: Lab) -> None:
    for run, experiment in (("a", "exp"), ("b", "other")):
        lab.add_run(run, experiment, name="job")
        write(lab.run_folder(lab.add_run(run, experiment)) / "logs")
    lab.log("a", "w", [1.0, 2.0])
    board = lab.open()
    for experiment in ("exp", "other"):
        prefix = f"{experiment}/job/"
        until(partial(is_whole, board, prefix), lambda: str(shown(board)))
    which = {"plugin_name": "scalars", "experiment_id": "other"}
    listed = board.list_scalars(RequestContext(), **which)
    assert set(listed) == {f"other/job/{run}" for run in ("after", "same", "files", "one")}


def test_every_kind_of_an_export_is_shown_by_the_stock_reader(lab: Lab, tmp_path: Path) -> None:
    run = lab.add_run("a", "exp", name="job")
    write(lab.run_folder(run) / "logs")
    native = lab.run_folder(run) / "logs/events.out.tfevents.1"
    add(native, ("own", "histograms", 5), ("own", "text", 5))  # beside what the run itself logged
    lab.log("a", "own", [1.0, 2.0])
    folder = tmp_path / "export"
    done = export_runs(lab.source, [run], folder, report=lambda _: None)
    expected = {
        ("/after", "w"): {"scalars": [0, 1, 2]},
        ("/after", "w/histogram"): {"histograms": [0, 1, 2]},
        ("/same", "w"): {"scalars": [0, 1, 2]},
        ("/same", "w/image"): {"images": [0, 1, 2]},
        ("/odd", "C:%5Cw%22"): {"images": [0, 1, 2]},
        ("/odd", 'C:\\w"/histogram'): {"histograms": [0, 1, 2]},
        ("/same", "w/text"): {"text": [0, 1, 2]},
        ("/files", "w"): {"scalars": [0, 1, 2]},
        ("/files", "w/text"): {"text": [0, 1, 2]},
        ("/one", "w"): {"scalars": [0, 1, 2]},
        ("", "own"): {"scalars": [0, 1]},
        ("", "own/histogram"): {"histograms": [5]},
        ("", "own/text"): {"text": [5]},
    }
    stock = DataServer(folder, require("data-server"))
    try:
        until(
            lambda: shown(stock.provider, "exp/job") == expected,
            lambda: str(shown(stock.provider, "exp/job")),
        )
    finally:
        stock.close()
    assert "exp/job/same: w: its images are under w/image, its numbers keep the name" in done.notes
    assert "exp/job: own: its histograms are under own/histogram, its numbers keep the name" in (
        done.notes
    )
    again = export_runs(lab.source, [run], folder, report=lambda _: None)
    assert (again.written, again.notes) == (0, done.notes)
