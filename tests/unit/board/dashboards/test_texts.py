from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorboard.data.provider import RunTagFilter
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.text.text_plugin import TextPlugin

from trackboard.board.provider.combined import BoardProvider
from trackboard.model import ArtifactKind

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def read(board: BoardProvider, **which: Any) -> dict[str, list[tuple[int, str]]]:
    found = board.read_tensors(experiment_id="", plugin_name="text", **which)
    listed = board.list_tensors(experiment_id="", plugin_name="text")
    assert {run: set(tags) for run, tags in found.items()} == {
        run: set(tags) for run, tags in listed.items()
    } or "run_tag_filter" in which
    return {
        tag: [(datum.step, datum.numpy.item()) for datum in data]
        for tags in found.values()
        for tag, data in tags.items()
    }


def test_a_table_is_one_text_and_its_number_columns_are_scalars(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "scores", "alpha", [0.1, 0.2], [0, 1])
    lab.log_rows("a", "scores", "note", ["ok", "b*d"], [0, 1])
    board = lab.open()
    scalars = board.list_scalars(experiment_id="", plugin_name="scalars")["exp/run-1"]
    assert list(scalars) == ["scores/alpha"]
    assert read(board) == {
        "scores": [
            (
                1,
                "2 rows\n\n| &#35; | alpha | note |\n| --- | --- | --- |\n"
                "| 0 | 0.1 | ok |\n| 1 | 0.2 | b&#42;d |",
            )
        ]
    }
    lab.log_rows("a", "scores", "alpha", [0.3], [2])
    ((step, text),) = read(board)["scores"]
    assert step == 2
    assert text.startswith("3 rows")


def test_a_string_and_a_table_of_one_name_are_both_there(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "t", "x", [1.0] * 4, [0, 1, 2, 3])
    lab.log_text("a", "t", 1, "# a string")
    lab.log_text("a", "t", 5, "later")
    assert [step for step, _ in read(lab.open())["t"]] == [1, 3, 5]


def test_of_many_texts_some_are_shown_and_the_rest_is_said(lab: Lab) -> None:
    lab.add_run("a")
    for step in range(40):
        lab.log_text("a", "note", step, f"text {step}")
    shown = read(lab.open())["note"]
    assert len(shown) == 10
    assert [text for _, text in shown[:-1]] == [f"text {step}" for step, _ in shown[:-1]]
    assert shown[-1] == (
        39,
        "10 of 40 texts are shown (Workspace.history has all of them).\n\ntext 39",
    )


def test_no_text_costs_the_page_more_than_milliseconds(lab: Lab) -> None:
    lab.add_run("a")
    for step in range(20):
        lab.log_text("a", "note", step, "[" * 50_000)
    plugin = TextPlugin(TBContext(data_provider=lab.open()))
    begin_s = time.process_time()
    events = plugin.text_impl(None, "exp/run-1", "note", "", enable_markdown=True)
    assert time.process_time() - begin_s < 5  # minutes, as they are
    assert len(events) == 10
    assert "The first 20,000 of 50,000 characters" in events[0]["text"]


def test_filters_before_and_after_everything_has_been_listed(lab: Lab) -> None:
    for run in "ab":
        lab.add_run(run)
        lab.log_text(run, "note", 0, run)
        lab.log_rows(run, "t", "x", [1.0], [0])
    board = lab.open()
    which = RunTagFilter(runs=["exp/run-2"], tags=["t", "note"])
    for _ in range(2):
        assert set(read(board, run_tag_filter=which)) == {"t", "note"}
        assert read(board, run_tag_filter=RunTagFilter(runs=["exp/run-2"], tags=["note"])) == {
            "note": [(0, "b")]
        }
        read(board)


def test_a_confusion_matrix_is_a_table(lab: Lab) -> None:
    lab.add_run("a")
    data = {"class_labels": ["cat", "d|g"], "matrix": [[3, 1], [0.5, 2]]}
    lab.log_artifact("a", "m", data, ArtifactKind.CONFUSION_MATRIX, step=4)
    ((step, text),) = read(lab.open())["m"]
    assert step == 4
    assert text.splitlines()[1:] == [
        "| --- | --- | --- |",
        "| cat | 3 | 1 |",
        "| d&#124;g | 0.5 | 2 |",
    ]


def test_large_and_many_matrices_keep_to_the_budget_of_a_page(lab: Lab) -> None:
    lab.add_run("a")
    large = {"class_labels": list(range(80)), "matrix": np.eye(80).tolist()}
    for step in range(30):
        lab.log_artifact("a", "m", large, ArtifactKind.CONFUSION_MATRIX, step=step)
    ((step, text),) = read(lab.open())["m"]
    assert step == 29
    assert text.startswith("80 classes; the first 50 are shown\n\n|")
    assert len(text.splitlines()) == 2 + 2 + 50


def test_a_wide_table_shows_fewer_rows(lab: Lab) -> None:
    lab.add_run("a")
    for column in range(100):
        lab.log_rows("a", "t", str(column), np.arange(300.0), list(range(300)))
    ((_, text),) = read(lab.open())["t"]
    assert text.startswith("300 rows; the first 13 and the last 12 are shown\n")


def test_tensorboard_makes_a_table_of_it(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "t", "<b>x</b>", ["<script>alert(1)</script>"], [0])
    plugin = TextPlugin(TBContext(data_provider=lab.open()))
    assert plugin.index_impl(None, "") == {"exp/run-1": ["t"]}
    (event,) = plugin.text_impl(None, "exp/run-1", "t", "", enable_markdown=True)
    assert "<table>" in event["text"]
    assert "<script>" not in event["text"]
    assert "<b>" not in event["text"]
    assert "alert&#40;1&#41;" in event["text"]
