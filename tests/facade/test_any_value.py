"""No value that a script logs ends its training: it is kept as it fits best, and one warning says how."""

from __future__ import annotations

import datetime
import enum
import json
import math
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from azureml.core import Experiment, Run
from azureml.exceptions import UserErrorException
from trackboard import Workspace as NativeWorkspace

Pair = namedtuple("Pair", "x y")
Colour = enum.Enum("Colour", "RED")


class Rude:
    """Raises whatever it is asked."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def _no(self, *_: object) -> Any:
        raise RuntimeError("no")

    __class__ = property(_no)
    __float__ = __int__ = __index__ = __len__ = __iter__ = __getattr__ = __eq__ = __bool__ = _no
    __str__ = __format__ = __hash__ = _no


def made(value: Any) -> Any:
    """pytest itself cannot carry a rude object, so tables hold its class."""
    return Rude() if value is Rude else value


class Estimator:
    def __repr__(self) -> str:
        return "Estimator(C=1.0)"


class Wordy:
    def __repr__(self) -> str:
        return "w" * 10_000_000


class NoText:
    def __repr__(self) -> Any:
        return 3


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


def keeps(value: object) -> Callable[[object], bool]:
    return lambda found: found == value and type(found) is type(value)


def starts(text: str, most: int = 11_000) -> Callable[[object], bool]:
    return lambda found: isinstance(found, str) and found.startswith(text) and len(found) < most


VALUES: list[tuple[Any, Callable[[Any], bool]]] = [
    (None, keeps(None)),
    (0.5, keeps(0.5)),
    (np.float64("nan"), math.isnan),
    (np.float32(0.5), keeps(0.5)),
    (np.int64(3), keeps(3)),
    (np.array(2), keeps(2)),
    (np.bool_(True), keeps(True)),
    ({"C": 1.0, "kernel": "rbf"}, keeps({"C": 1.0, "kernel": "rbf"})),
    (OrderedDict(a=1, b=None), keeps({"a": 1, "b": None})),
    ({"a": {"b": 1}, "m": np.eye(1)}, keeps({"a": "{'b': 1}", "m": 1.0})),
    ({1: 2}, keeps({"1": 2})),
    ({"a\n": 1}, starts("{'a\\n': 1}")),
    ({"": 1}, starts("{'': 1}")),
    ({1: 2, "1": 3}, starts("{1: 2")),
    ({}, starts("{}")),
    ({i: i for i in range(5_000)}, starts("{0: 0, 1: 1, ")),
    ((1, 2), keeps([1, 2])),
    (Pair(1, 0.5), keeps([1, 0.5])),
    ([1, None], keeps([1.0, None])),
    (["a", "b"], keeps(["a", "b"])),
    (range(3), keeps([0, 1, 2])),
    (np.array([0.5, 1.5]), keeps([0.5, 1.5])),
    (pd.Series([1.0, 2.0]), keeps([1.0, 2.0])),
    ([], starts("[]")),
    ([1, [2]], starts("[1, [2]]")),
    ([*range(1_000_000)], starts("[0, 1, 2")),
    (np.arange(1_000_000), starts("array([")),
    (np.eye(2), starts("array([[1., 0.],\n")),
    (pd.DataFrame({"x": [1]}), starts("   x\n")),
    ((i for i in range(3)), starts("<generator")),
    ({1}, starts("{1}")),
    (b"x", starts("b'x'")),
    (1 + 2j, starts("(1+2j)")),
    (2**64, keeps(2.0**64)),
    (np.uint64(2**64 - 1), keeps(2.0**64)),
    (10**400, starts("1000")),
    (PurePosixPath("/a"), starts("PurePosixPath('/a')")),
    (Estimator, starts("<class")),
    (Estimator(), starts("Estimator(C=1.0)")),
    (datetime.timedelta(seconds=1), starts("datetime.timedelta(seconds=1)")),
    (Colour.RED, starts("<Colour.RED: 1>")),
    (math.sqrt, starts("<built-in function sqrt>")),
    (Wordy(), starts("www")),
    (NoText(), starts("<NoText, whose __repr__ raised TypeError>")),
    (Rude, starts("<Rude, whose __repr__ raised RuntimeError>")),
    ("x" * 20_000_000, starts("xxx", 1_000_100)),
    ("\ud800", starts("?")),
]


@pytest.mark.parametrize(
    ("value", "is_right"),
    VALUES,
    ids=[f"{n}-{type(one).__name__}" for n, (one, _) in enumerate(VALUES)],
)
def test_log_takes_any_value(run: Run, value: object, is_right: Callable[[object], bool]) -> None:
    run.log("metric", made(value))
    run.log("later", 1)

    found = run.get_metrics()
    assert is_right(found["metric"]), found["metric"]
    assert found["later"] == 1


LISTS: list[tuple[Any, Any]] = [
    ("text", "text"),
    ({"a": 1}, {"a": 1}),
    (3, 3),
    (None, None),
    (b"x", "b'x'"),
    ([1, [2]], [1, "[2]"]),
    ([1, None], [1.0, None]),
    ([[1, 2], [3, 4]], ["[1, 2]", "[3, 4]"]),
    ({"a"}, "a"),
    (Rude, "<Rude, whose __repr__ raised RuntimeError>"),
    ([Rude()], "<Rude, whose __repr__ raised RuntimeError>"),
]


@pytest.mark.parametrize(("value", "found"), LISTS, ids=[str(n) for n in range(len(LISTS))])
def test_log_list_takes_any_value(run: Run, value: Any, found: object) -> None:
    run.log_list("metric", made(value))

    assert run.get_metrics() == {"metric": found}


ROWS: list[tuple[dict[str, Any], Any]] = [
    ({}, {}),
    ({"x": [1]}, {"row": {"x": "[1]"}}),
    ({"x": 1, "y": None}, {"row": {"x": 1, "y": None}}),
    ({"x": {"a": 1}, "y": np.eye(1)}, {"row": {"x": "{'a': 1}", "y": 1.0}}),
    ({"x": Rude()}, {"row": {"x": "<Rude, whose __repr__ raised RuntimeError>"}}),
]


@pytest.mark.parametrize(("cells", "found"), ROWS, ids=[str(n) for n in range(len(ROWS))])
def test_log_row_takes_any_value(run: Run, cells: dict[str, Any], found: object) -> None:
    run.log_row("row", **cells)

    assert run.get_metrics() == found


TABLES: list[tuple[Any, Any]] = [
    ({"x": [1, 2], "y": [1]}, {"x": [1, 2], "y": [1, None]}),
    ({"x": [1, [2]]}, {"x": [1, "[2]"]}),
    ({"x": [1, None]}, {"x": [1.0, None]}),
    ({1: [1]}, {"1": 1}),
    ({"x": {"a": 1, "b": 2}}, {"x": [1, 2]}),
    ({"x": None, "y": Rude()}, {"x": None, "y": "<Rude, whose __repr__ raised RuntimeError>"}),
    ({"x": np.eye(2)}, {"x": ["array([1., 0.])", "array([0., 1.])"]}),
    (pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}), {"x": [1, 2], "y": ["a", "b"]}),
    ([1, 2], [1, 2]),
    (3, 3),
    (None, None),
]


@pytest.mark.parametrize(("value", "found"), TABLES, ids=[str(n) for n in range(len(TABLES))])
def test_log_table_takes_any_value(run: Run, value: Any, found: object) -> None:
    run.log_table("table", value)

    assert run.get_metrics() == {"table": found}


def fails(*_: object, **__: object) -> None:
    raise ValueError("no renderer")


@pytest.mark.parametrize(
    "plot",
    [
        3,
        Rude,
        np.eye(2),
        type("Broken", (), {"savefig": staticmethod(fails)})(),
        type("Empty", (), {"savefig": lambda *_, **__: None})(),
    ],
    ids=["no plot", "rude", "array", "fails", "empty"],
)
def test_log_image_takes_any_plot(run: Run, plot: object, caplog: pytest.LogCaptureFixture) -> None:
    run.log_image("image", plot=made(plot))

    assert run.get_metrics() == {}
    assert "nothing is recorded" in caplog.text


def test_axes_are_drawn(run: Run) -> None:
    axes = Figure().add_subplot()
    axes.plot([1, 2])

    run.log_image("image", plot=axes)

    assert len(run.get_file_names()) == 1


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("{", "{"),
        ("[1]", "[1]"),
        (3, 3),
        (None, None),
        (np.eye(2), "array([[1., 0.],\n       [0., 1.]])"),
    ],
    ids=["no JSON", "a list", "number", "None", "array"],
)
def test_documents_that_are_none(run: Run, value: Any, found: object) -> None:
    run.log_confusion_matrix("matrix", value)

    assert run.get_metrics() == {"matrix": found}


def test_a_document_may_hold_anything(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    circle: dict[str, Any] = {}
    circle["again"] = circle

    strange: Any = {"a": {1, 2}, np.int64(3): np.eye(1), "n": NotImplemented}
    run.log_accuracy_table("table", strange)
    run.log_accuracy_table("circle", circle)

    document = run.get_metrics("table", populate=True)["table"].convert_to_object()
    assert document == {"a": "{1, 2}", "3": [[1.0]], "n": "NotImplemented"}
    assert run.get_metrics("circle") == {"circle": {"again": "{'again': {...}}"}}
    assert "NotImplementedType, set: text there" in caplog.text


@pytest.mark.parametrize(
    "step",
    [1.5, "a", np.array([1, 2]), Rude, math.nan],
    ids=["half", "text", "array", "rude", "nan"],
)
def test_a_step_that_is_none_is_not_used(
    run: Run, step: Any, caplog: pytest.LogCaptureFixture
) -> None:
    run.log("metric", 0.5, step=made(step))

    assert run.get_metrics() == {"metric": 0.5}
    assert "is no whole number, and is not used" in caplog.text


def test_steps_of_other_kinds(run: Run) -> None:
    for step in (np.float32(7), np.int64(8), 9.0):
        run.log("metric", 0.5, step=step)  # type: ignore[arg-type]
    run.log("row", {"x": 1}, step=10)

    native = NativeWorkspace(run.experiment.workspace._service)
    history = native.history([run.id], metrics=["metric", "row/x"])
    assert history.steps.tolist() == [7, 8, 9, 10]


def test_one_warning_for_each_name(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        run.log("best", {"C": 1.0})
        run.log("path", PurePosixPath("a"))
        run.log("none", None)
        run.log("loss", 0.5)

    assert [one.getMessage() for one in caplog.records] == [
        "log('best'): a value of type dict is kept as a row, as log_row does.",
        "log('path'): a value of type PurePosixPath is kept as text; log a number for a curve.",
    ]


def test_an_empty_point_is_a_gap(run: Run) -> None:
    for value in (0.5, None, 0.25, math.nan):
        run.log("val_loss", value)
    run.log("label", "a")
    run.log("label", None)

    metrics = run.get_metrics()
    assert metrics["val_loss"][:3] == [0.5, None, 0.25]
    assert math.isnan(metrics["val_loss"][3]), "a NaN is none"
    assert metrics["label"] == ["a", None]
    native = NativeWorkspace(run.experiment.workspace._service)
    assert np.isnan(native.history([run.id], metrics=["val_loss"]).values).tolist() == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("name", ["", "a\nb", 3, None, ["a"]], ids=repr)
@pytest.mark.parametrize("value", [0.5, {"a": 1}, None], ids=repr)
def test_a_name_that_is_none_is_an_error(run: Run, name: Any, value: object) -> None:
    with pytest.raises(UserErrorException, match="name"):
        run.log(name, value)


def test_an_iterators_own_error_passes(run: Run) -> None:
    def items() -> Iterator[float]:
        yield 0.5
        raise KeyError("of the caller")

    with pytest.raises(KeyError):
        run.log_list("metric", items())

    assert run.get_metrics() == {}


def test_the_arguments_of_a_script(run: Run) -> None:
    arguments = {"lr": 0.1, "resume": None, "layers": [64, 32], "data": PurePosixPath("d")}

    for name, value in arguments.items():
        run.log(name, value)

    assert run.get_metrics() == {
        "lr": 0.1,
        "resume": None,
        "layers": [64, 32],
        "data": "PurePosixPath('d')",
    }
    assert json.dumps(run.get_metrics())
