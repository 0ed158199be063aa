"""Odd names, odd values and large files: kept as they are, or refused by an error that helps; never half.

After every refusal the run holds what it held before, and still logs.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil
import pytest
from PIL import Image
from tests.workspaces import parts

from azureml.core import Experiment, Model, Run, Workspace
from azureml.exceptions import AzureMLException, ServiceException, UserErrorException
from trackboard.board.provider.opening import open_provider
from trackboard.board.view.source import View

SLASH, OUT, LONG = "a/b", "../../x", "n" * 10_000
CONTROL, HALF = "a\0b\n\x1b[2J", "a\ud800b"
RIGHT_TO_LEFT, EMOJI, HTML = "אבג \u202eabc", "\U0001f600\u2764\ufe0f", "<script>alert(1)</script>"
ODD = {
    "slash": SLASH,
    "out": OUT,
    "dots": "..",
    "absolute": "/etc/passwd",
    "control": CONTROL,
    "half a pair": HALF,
    "long": LONG,
    "right to left": RIGHT_TO_LEFT,
    "emoji": EMOJI,
    "html": HTML,
    "space": " ",
    "empty": "",
}
MOST_BYTES = 200 << 20  # 1 GiB was measured once: the same growth of memory, 6 s


class Plot:
    def savefig(self, file: BinaryIO, **how: str) -> None:
        Image.new("RGB", (2, 2)).save(file, how["format"])


class BrokenPlot:
    def savefig(self, file: BinaryIO, **how: str) -> None:
        file.write(b"\x89PNG half of it")
        raise RuntimeError(f"no renderer for {how}")


@pytest.fixture
def exp(empty_folder: Path) -> Iterator[Experiment]:
    (empty_folder / "a.txt").write_text("a")
    ws = Workspace.from_config()
    yield Experiment(ws, "odd")
    ws._service.recorder().close()
    ws._service.close()


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


def held(run: Run) -> str:
    """All that a run holds, and how many runs and models there are."""
    store = parts(run.experiment.workspace._service).store
    described = (run.display_name, run.description, run.get_status())
    said = (run.get_metrics(), run.get_tags(), run.get_properties(), run.get_file_names())
    return repr((described, said, len(store.list_runs()), len(store.list_models())))


def check_still_good(run: Run) -> None:
    run.log("still", 1)
    assert "still" in run.get_metrics()
    assert run.id in repr(run)
    html = run._repr_html_()
    assert "<script" not in html
    json.dumps(run.get_details())


def refused(run: Run, call: Callable[[], object], match: str = "") -> AzureMLException:
    """The error of a call that changes nothing."""
    before = held(run)
    with pytest.raises((UserErrorException, ServiceException, AzureMLException)) as caught:
        call()
    assert held(run) == before, "half of it was kept"
    assert re.search(match, str(caught.value))
    check_still_good(run)
    return caught.value


METRICS: dict[str, Callable[[Any, Any], object]] = {
    "log": lambda run, name: run.log(name, 1),
    "log_list": lambda run, name: run.log_list(name, [1, 2]),
    "log_row": lambda run, name: run.log_row(name, x=1),
    "log_row's column": lambda run, name: run.log_row("t", **{"x": 1, name: 2}),
    "log_table": lambda run, name: run.log_table(name, {"x": [1]}),
    "log_table's column": lambda run, name: run.log_table("t", {"x": [1], name: [2]}),
    "log_image": lambda run, name: run.log_image(name, plot=Plot()),
    "log_accuracy_table": lambda run, name: run.log_accuracy_table(name, {}),
    "log_confusion_matrix": lambda run, name: run.log_confusion_matrix(name, {}),
    "log_predictions": lambda run, name: run.log_predictions(name, {}),
    "log_residuals": lambda run, name: run.log_residuals(name, {}),
}


@pytest.mark.parametrize("call", METRICS)
def test_names_of_metrics_tables_columns_and_images(run: Run, call: str) -> None:
    for odd in ODD.values():
        if odd in (CONTROL, HALF, LONG, ""):
            refused(run, partial(METRICS[call], run, odd), "name|has no|must be")
        else:
            METRICS[call](run, odd)
            found = run.get_metrics()
            assert odd in (found["t"] if "column" in call else found)
    for path in run.get_file_names():
        assert not path.startswith("/")
        assert ".." not in path.split("/")


def test_names_of_files(run: Run) -> None:
    for odd in ODD.values():
        upload = partial(run.upload_file, odd, io.BytesIO(odd.encode("utf-8", "replace")))
        if odd in (OUT, "..", CONTROL, HALF, LONG, ""):
            error = refused(run, upload, "name")
            assert isinstance(error, UserErrorException)
        else:
            upload()
            run.download_file(odd, "copy/")
            assert (Path("copy") / os.path.basename(odd)).read_text() == odd
    assert "etc/passwd" in run.get_file_names()


def as_kept(text: str) -> str:
    """What UTF-8 and databases cannot carry is kept as an escape."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


@pytest.mark.parametrize("odd", ODD.values(), ids=[*ODD])
def test_names_and_words_of_runs(exp: Experiment, odd: str) -> None:
    run = exp.start_logging(odd, outputs=False, description=odd)
    assert run.description == as_kept(odd)
    assert run.display_name == (as_kept(odd) or "run-1")
    child = run.child_run(odd)
    other = Run(exp, run.id)
    for one in (run, other):
        one.display_name = odd
        one.description = odd
        if odd:
            one.tag(odd, odd)
            assert one.get_tags()[as_kept(odd)] == as_kept(odd)
            one.add_properties({odd: odd})
            assert one.get_properties()[as_kept(odd)] == as_kept(odd)
        else:
            refused(one, partial(one.tag, odd), "key ''")
            refused(one, partial(one.add_properties, {odd: "x"}), "key ''")
            refused(one, lambda: exp.start_logging(tags={odd: "x"}), "key ''")
        run.log("text", odd)
    child.fail(odd)
    check_still_good(run)
    check_still_good(other)


def test_names_of_experiments_models_and_run_ids(run: Run, exp: Experiment) -> None:
    ws = exp.workspace
    for odd in ODD.values():
        refused(run, partial(Experiment, ws, odd), "experiment name .* not allowed")
        refused(run, partial(Model.register, ws, "a.txt", odd), "model name .* not allowed")
        refused(run, partial(run.child_run, run_id=odd), "run id .* not allowed")
        model = Model.register(ws, "a.txt", "m", tags={odd: odd}, description=odd)
        assert Model(ws, "m", version=model.version).description == as_kept(odd)


def test_the_board_answers_whatever_there_is(exp: Experiment) -> None:
    for odd in ODD.values():
        one = exp.start_logging(odd, outputs=False, tags={odd or "none": odd})
        one.log("text", odd)
        for number in (float("nan"), float("inf"), -float("inf"), 1.0):
            one.log("number", number)
        one.log_row("t", nan=float("nan"), word=odd)
        if odd not in (CONTROL, HALF, LONG, ""):
            for call in METRICS.values():
                call(one, odd)
            METRICS["log_row's column"](one, odd)
        one.complete()
    workspace = parts(exp.workspace._service)
    workspace.drain()
    board = open_provider(workspace.source, View())
    try:
        runs = [one.run_name for one in board.list_runs(experiment_id="")]
        assert len(runs) == len(set(runs)) >= len(ODD)
        numbers = board.read_scalars(experiment_id="", plugin_name="scalars", downsample=100)
        assert {len(tags["number"]) for tags in numbers.values() if "number" in tags} == {4}
        texts = board.read_tensors(experiment_id="", plugin_name="text", downsample=100)
        assert sum("text" in tags for tags in texts.values()) == len(ODD)
        images = board.read_blob_sequences(experiment_id="", plugin_name="images", downsample=9)
        shown = {tag: data for tags in images.values() for tag, data in tags.items()}
        assert {SLASH, OUT, RIGHT_TO_LEFT, EMOJI, HTML} <= shown.keys()
        for data in shown.values():
            key = data[0].values[2].blob_key
            assert board.read_blob(blob_key=key).startswith(b"\x89PNG")
    finally:
        board.close()


NOT_FINITE = [float("nan"), float("inf"), -float("inf")]


def test_values_that_are_not_finite(run: Run) -> None:
    run.log("each", NOT_FINITE[0])
    run.log_list("list", NOT_FINITE)
    run.log_row("row", a=NOT_FINITE[0], b=NOT_FINITE[1], c=NOT_FINITE[2])
    run.log_table("table", {"x": NOT_FINITE, "y": np.array(NOT_FINITE, np.float32)})
    run.log_residuals("document", {"data": {"values": NOT_FINITE}})
    run.tag("tag", NOT_FINITE[0])
    found = run.get_metrics(populate=True)
    assert repr(found["each"]) == "nan"
    assert repr(found["list"]) == "[nan, inf, -inf]"
    assert repr(found["row"]) == "{'a': nan, 'b': inf, 'c': -inf}"
    assert repr(found["table"]) == "{'x': [nan, inf, -inf], 'y': [nan, inf, -inf]}"
    assert repr(found["document"].convert_to_object()["data"]["values"]) == "[nan, inf, -inf]"
    assert run.get_tags()["tag"] == "nan"
    for bad in NOT_FINITE:
        run.log("step", 1, step=bad)  # type: ignore[arg-type]
    assert run.get_metrics("step") == {"step": [1, 1, 1]}
    check_still_good(run)


HUGE = "x" * (16 << 20)  # more than one record of the stream holds
WRONG: list[Any] = [None, [1], {"a": 1}, {1}, b"x", 1j, object(), 2**70, np.datetime64("NaT"), HUGE]
VALUES: dict[str, Callable[[Any, Any], object]] = {
    "step": lambda run, value: run.log("x", 1, step="1" if value is None else value),
    "log": lambda run, value: run.log("x", value),
    "log_list": lambda run, value: run.log_list("x", [1, value]),
    "log_row": lambda run, value: run.log_row("x", a=1, b=value),
    "log_table": lambda run, value: run.log_table("x", {"a": [1, 2], "b": [1, value]}),
    "document": lambda run, value: run.log_residuals("x", [value]),
}


@pytest.mark.parametrize("call", VALUES)
@pytest.mark.parametrize("value", WRONG, ids=lambda value: f"{type(value).__name__} {value!s:.3}")
def test_no_value_ends_a_training(run: Run, call: str, value: Any) -> None:
    VALUES[call](run, value)
    assert "x" in run.get_metrics()
    check_still_good(run)


CALLS: dict[str, Callable[[Any, Any], object]] = {
    "log_image's path": lambda run, value: run.log_image("x", path=value),
    "upload_file": lambda run, value: run.upload_file("x", value),
    "upload_files": lambda run, value: run.upload_files(["x", "y"], ["a.txt", value]),
    "upload_folder": lambda run, value: run.upload_folder("x", value),
    "upload_folder's name": lambda run, value: run.upload_folder(value, "."),
    "child_run's id": lambda run, value: run.child_run(run_id=value or 3),
    "set_tags": lambda run, value: run.set_tags({"a": "b", 3: str(value)}),
    "remove_tags": lambda run, value: run.remove_tags(
        3 if isinstance(value, (dict, str)) else value
    ),
    "name of a metric": lambda run, value: run.log(value, 1),
    "name of a file": lambda run, value: run.upload_file(value, io.BytesIO(b"x")),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("value", WRONG, ids=lambda value: f"{type(value).__name__} {value!s:.3}")
def test_values_of_a_wrong_type(run: Run, call: str, value: Any) -> None:
    refused(run, lambda: CALLS[call](run, value))


def test_names_that_are_numbers(exp: Experiment) -> None:
    """As loops make them; one that came through as a number kept every reader from all behind it."""
    number: Any = 0
    run = exp.start_logging(number, outputs=False)
    assert (run.display_name, run.child_run(number).display_name) == ("0", "0")


def test_tags_are_all_set_or_none(run: Run) -> None:
    refused(run, lambda: run.set_tags({"a": "b", "c": HUGE}), "too long")
    refused(run, partial(CALLS["set_tags"], run, 3), "key 3")
    refused(run, lambda: run.create_children(tag_key="", tag_values=[1]), "key ''")
    refused(run, lambda: run.create_children(tag_key="k", tag_values=[1, HUGE]), "too long")


def test_a_plot_that_fails_to_render(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    for plot in (BrokenPlot(), *WRONG[1:]):
        before = held(run)
        run.log_image("x", plot=plot)
        assert held(run) == before, "half of it was kept"
    run.log_image("x", plot=Plot())
    assert "log_image('x'): the plot could not be drawn" in caplog.text


def test_a_name_that_exists_and_a_property_that_changes(run: Run) -> None:
    run.upload_file("x", "a.txt")
    run.add_properties({"x": "1"})
    for call in (
        lambda: run.upload_file("x", "a.txt"),
        lambda: run.upload_file("./x", "a.txt"),
        lambda: run.upload_files(["y", "x"], ["a.txt"] * 2),
        lambda: run.upload_files(["y", "y"], ["a.txt"] * 2),
        lambda: run.upload_files([*map(str, range(1500)), "7"], ["a.txt"] * 1501),
        lambda: run.add_properties({"y": "2", "x": "2"}),
    ):
        error = refused(run, call)
        assert isinstance(error, ServiceException)
        assert error.status_code == 409


class Torn(io.RawIOBase):
    """A stream that ends in an error after a megabyte."""

    given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        self.given += size
        if self.given > 1 << 20:
            raise OSError("the cable was pulled")
        return b"x" * size


def test_streams_that_give_something_else(run: Run, empty_folder: Path) -> None:
    closed = (empty_folder / "a.txt").open("rb")
    closed.close()
    with (empty_folder / "b.txt").open("wb") as written:
        streams: list[Any] = [Torn(), closed, written]
        for stream in streams:
            refused(run, partial(run.upload_files, ["a", "b"], ["a.txt", stream]), "cannot be")
    assert not [*Path(".trackboard").rglob("blobs/new/*")], "half a file"
    with (empty_folder / "a.txt").open() as text:
        run.upload_file("text", text)
    run.download_file("text")
    assert Path("text").read_text() == "a"


def test_a_large_file_takes_no_memory(run: Run, empty_folder: Path) -> None:
    check_large_file(run, empty_folder, MOST_BYTES)


def check_large_file(run: Run, folder: Path, size_bytes: int) -> None:
    (folder / "large").touch()
    os.truncate(folder / "large", size_bytes)
    run.upload_file("warm", "a.txt")
    before_bytes = psutil.Process().memory_info().rss
    run.upload_file("large", "large")
    with (folder / "large").open("rb") as stream:
        run.upload_file("streamed", stream)
    run.download_file("large", "copy")
    grown_bytes = psutil.Process().memory_info().rss - before_bytes
    assert grown_bytes < 50 << 20, f"memory grew by {grown_bytes >> 20} MiB"
    assert (folder / "copy").stat().st_size == size_bytes
    blobs = [*(folder / ".trackboard").rglob("blobs/*/*")]
    assert sum(blob.stat().st_size == size_bytes for blob in blobs) == 1
    check_still_good(run)
