"""What is logged, and the shape in which `get_metrics` gives it back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from azureml.core import Experiment, Run
from azureml.core._run.backends.home import RunHome
from azureml.exceptions import AzureMLException

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
MATRIX = {
    "schema_type": "confusion_matrix",
    "schema_version": "v1",
    "data": {"class_labels": ["0", "1"], "matrix": [[3, 0], [1, 2]]},
}


class Plot:
    """What matplotlib's figures and its `pyplot` have in common."""

    def savefig(self, file: BinaryIO, **how: str) -> None:
        assert how == {"format": "png"}
        file.write(PNG)


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([0.5], 0.5),
        ((i / 2 for i in range(3)), [0.0, 0.5, 1.0]),
        (range(3), [0, 1, 2]),
        (np.array([0.5, 1.5]), [0.5, 1.5]),
        (np.arange(3), [0, 1, 2]),
        (["a", "b"], ["a", "b"]),
        ([1, 2.5], [1.0, 2.5]),
        ([1, "a", 2], [1, "a", 2]),
        ([np.int64(1), np.array(2), np.float32(0.5)], [1.0, 2.0, 0.5]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_log_list(run: Run, given: Any, found: object) -> None:
    run.log_list("list", given, description="d")

    assert run.get_metrics() == {"list": found}


def test_log_list_again_goes_on(run: Run) -> None:
    run.log_list("list", [1, 2])
    run.log_list(name="list", value=[3])
    run.log("list", 4)

    assert run.get_metrics() == {"list": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    "value", [[], (), np.array([]), iter(())], ids=["list", "tuple", "array", "iterator"]
)
def test_an_empty_list_is_nothing(run: Run, value: Any) -> None:
    run.log_list("list", value)

    assert run.get_metrics() == {}


def test_one_row_is_a_dict(run: Run) -> None:
    run.log_row("row", x=1, y=np.float64(0.5), label="a")

    assert run.get_metrics() == {"row": {"x": 1, "y": 0.5, "label": "a"}}


def test_several_rows_are_a_dict_of_lists(run: Run) -> None:
    for i in range(3):
        run.log_row("row", "a description", x=i, y=i / 2)

    assert run.get_metrics("row") == {"row": {"x": [0, 1, 2], "y": [0.0, 0.5, 1.0]}}


def test_a_cell_that_is_not_there_is_none(run: Run) -> None:
    run.log_row("row", a=1)
    run.log_row("row", a=2, b="x")
    run.log_row("row", b="y")

    assert run.get_metrics() == {"row": {"a": [1, 2, None], "b": [None, "x", "y"]}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"x": [1, 2], "y": [0.5, 1.5]}, {"x": [1, 2], "y": [0.5, 1.5]}),
        ({"x": [1], "y": ["a"]}, {"x": 1, "y": "a"}),
        ({"x": 1, "y": "text"}, {"x": 1, "y": "text"}),
        ({"x": np.arange(2), "y": np.array([0.5, 1.5])}, {"x": [0, 1], "y": [0.5, 1.5]}),
        ({"x": np.array(3)}, {"x": 3}),
    ],
    ids=str,
)
def test_log_table(run: Run, given: Any, found: object) -> None:
    run.log_table("table", given, description="d")

    assert run.get_metrics() == {"table": found}


@pytest.mark.parametrize("value", [{}, {"x": []}, {"x": [], "y": np.array([])}], ids=str)
def test_an_empty_table_is_nothing(run: Run, value: Any) -> None:
    run.log_table("table", value)

    assert run.get_metrics() == {}


def test_many_columns_and_names(run: Run) -> None:
    run.log_table("wide", {f"c{i}": [i, i] for i in range(40)})
    for i in range(120):
        run.log(f"m{i} ", i)

    metrics = run.get_metrics()
    assert len(metrics["wide"]) == 40
    assert metrics["m119 "] == 119, "also with a space at its end"


def test_recursive(run: Run) -> None:
    run.log("loss", 1.0)
    child = run.child_run()
    grandchild = child.child_run()
    grandchild.log("loss", 2.0)
    grandchild.log("other", math.pi)

    assert run.get_metrics(recursive=True) == {
        run.id: {"loss": 1.0},
        grandchild.id: {"loss": 2.0, "other": math.pi},
    }
    assert run.get_metrics("other", recursive=True) == {grandchild.id: {"other": math.pi}}
    grandchild.add_properties({"azureml.runsource": "special"})
    assert [*run.get_metrics(recursive=True, run_type="special")] == [grandchild.id]


def test_metrics_come_in_the_order_in_which_they_were_begun(run: Run) -> None:
    run.log("text", "first")
    run.log("loss", 1.0)
    run.log_image("plot", plot=Plot())
    run.log_row("table", x=1, note="words")
    run.log_confusion_matrix("matrix", {"schema_type": "confusion_matrix", "data": {}})
    run.log("late", "last")
    run.log("loss", 0.5)
    assert [*run.get_metrics()] == ["text", "loss", "plot", "table", "matrix", "late"]


def test_an_image_of_a_plot(run: Run) -> None:
    run.log_image("curve", plot=Plot())

    uri = run.get_metrics()["curve"]
    (path,) = run.get_file_names()
    assert uri == f"aml://artifactId/ExperimentRun/dcid.{run.id}/{path}"
    assert path == "curve.png"
    image = run.get_metrics(populate=True)["curve"]
    assert (image.data, image.path, image.filename) == (PNG, path, path)


def test_images_within_a_second_are_several(run: Run) -> None:
    for _ in range(3):
        run.log_image("curve", plot=Plot())
    again = Run(run.experiment, run.id)  # another process would look for a free name, too
    again.log_image("curve.png", plot=Plot())

    assert len(run.get_metrics()["curve"]) == 3
    assert run.get_file_names() == ["curve.png", "curve_2.png", "curve_3.png", "curve_4.png"]


def test_images_of_a_job_that_cannot_read_what_is_taken(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as blind:
        blind.setattr(RunHome, "can_read", False)
        run.log_image("curve", plot=Plot())
        run.log_image("curve", plot=Plot())
    (path,) = run.get_file_names()  # the same content has the same name
    assert re.fullmatch(r"curve_[0-9a-f]{12}\.png", path)
    assert len(run.get_metrics()["curve"]) == 2


def test_an_image_of_a_file(run: Run, empty_folder: Path) -> None:
    (empty_folder / "plots").mkdir()
    (empty_folder / "plots" / "a.png").write_bytes(PNG)

    run.log_image("a", path="plots/a.png")
    run.log_image("a", path="plots/a.png")
    run.log_image("a", path=str(empty_folder / "plots" / "a.png"))

    names = run.get_file_names()
    assert len(names) == 3
    assert "plots/a.png" in names
    assert not any(name.startswith("/") or ".." in name for name in names)


@pytest.mark.parametrize("name", ["a/../../b", "/etc/x", "..", "ü" * 1000, "a b\u202e"])
def test_an_images_name_is_no_way_out(run: Run, empty_folder: Path, name: str) -> None:
    run.log_image(name, plot=Plot())

    (path,) = run.get_file_names()
    assert ".." not in path.split("/")
    run.download_files(output_directory="there")
    assert [file.read_bytes() for file in (empty_folder / "there").rglob("*.png")] == [PNG]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"path": "a.png", "plot": Plot()},
        {"path": "text.png"},
        {"path": "missing.png"},
    ],
    ids=["neither", "both", "no image", "missing"],
)
def test_images_that_are_none(run: Run, empty_folder: Path, arguments: dict[str, Any]) -> None:
    (empty_folder / "text.png").write_text("text")

    with pytest.raises(AzureMLException):
        run.log_image("image", **arguments)

    assert run.get_metrics() == {}
    assert run.get_file_names() == []


LOGGERS: list[Callable[..., None]] = [
    Run.log_accuracy_table,
    Run.log_confusion_matrix,
    Run.log_predictions,
    Run.log_residuals,
]


@pytest.mark.parametrize("log", LOGGERS, ids=lambda log: log.__name__)
def test_documents(run: Run, log: Callable[..., None]) -> None:
    log(run, "first", MATRIX)
    log(run, name="second", value=json.dumps(MATRIX), description="d")
    log(run, "arrays", {"data": {"matrix": np.eye(2), "n": np.int64(3)}})

    assert run.get_file_names() == ["arrays", "first", "second"]
    assert run.get_metrics()["first"].endswith(f"dcid.{run.id}/first")
    documents = run.get_metrics(populate=True)
    assert documents["first"].convert_to_object() == MATRIX
    assert documents["second"].convert_to_object() == MATRIX
    assert documents["arrays"].convert_to_object()["data"] == {"matrix": [[1, 0], [0, 1]], "n": 3}


def test_the_same_documents_name_twice(run: Run) -> None:
    run.log_residuals("r", {"a": 1})
    run.log_residuals("r", {"a": 2})

    found = run.get_metrics(populate=True)["r"]
    assert [one.convert_to_object() for one in found] == [{"a": 1}, {"a": 2}]
