"""What people log in Python, read back. No value ends a training: one warning by name says so."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from trackboard import LiveRun, Workspace
from trackboard.errors import NotFound, UsageError

WAV = b"RIFF\x04\0\0\0WAVE"


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (3, 2), colour).save(file, format="PNG")
    return file.getvalue()


def figure() -> Figure:
    drawn = Figure(figsize=(1, 1))
    drawn.subplots().plot([1, 2])
    return drawn


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path / "w")
    yield workspace
    workspace.close()


@pytest.fixture
def run(workspace: Workspace) -> Iterator[LiveRun]:
    with workspace.start_run("digits", capture=False) as run:
        yield run


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.WARNING, "trackboard")
    return lambda: [record.getMessage() for record in caplog.records]


def points(workspace: Workspace, run: LiveRun, metric: str) -> list[tuple[int, Any]]:
    history = workspace.history(run, metric)
    texts = history.texts.tolist()
    values = [v if t is None else t for v, t in zip(history.values.tolist(), texts, strict=True)]
    return list(zip(history.steps.tolist(), values, strict=True))


def read(workspace: Workspace, run: LiveRun, path: str) -> bytes:
    with workspace.open_file(run, path) as file:
        return file.read()


def paths(workspace: Workspace, run: LiveRun) -> list[str]:
    return [file.path for file in workspace.files(run)]


def test_values_by_name_have_one_step(workspace: Workspace, run: LiveRun) -> None:
    run.log({"loss": 0.5, "acc": np.float32(0.25), "note": "good"}, step=3)
    run.log({"loss": 0.25}, 7)
    run.log({"loss": 0.125})
    assert points(workspace, run, "loss") == [(3, 0.5), (7, 0.25), (2, 0.125)]
    assert points(workspace, run, "acc") == [(3, 0.25)]
    assert points(workspace, run, "note") == [(3, "good")]


@pytest.mark.parametrize("name", ["", "a\nb", 3, None])
def test_a_name_that_cannot_be_raises_and_nothing_is_recorded(
    workspace: Workspace, run: LiveRun, name: Any
) -> None:
    calls: list[Callable[[], None]] = [
        lambda: run.log(name, 1),
        lambda: run.log({"good": 1, name: 1}),
        lambda: run.log_row(name, {"good": 1}),
        lambda: run.log_row("t", {"good": 1, name: 1} if name != "a\nb" else {"": 1}),
        lambda: run.log_table(name, {"good": [1]}),
        lambda: run.log_table("t", [{"good": 1}, {name: 1}]),
        lambda: run.log_text(name, "text"),
        lambda: run.log_image(name, png()),
        lambda: run.log_figure(name, figure()),
        lambda: run.log_audio(name, WAV),
        lambda: run.log_histogram(name, [1]),
        lambda: run.log_html(name, "<p>"),
        lambda: run.log_dict(name, {}),
    ]
    for log in calls:
        with pytest.raises(UsageError):
            log()
    assert len(workspace.history(run)) == 0
    assert paths(workspace, run) == []


def test_a_metric_without_a_value_is_a_mistake(run: LiveRun) -> None:
    with pytest.raises(UsageError, match="has no value"):
        run.log("loss")


@pytest.mark.parametrize(
    ("value", "kept", "said"),
    [
        ([1, 2.5], [(0, 1.0), (1, 2.5)], "as a list"),
        (object, [(0, "<class 'object'>")], "as text"),
        (2**64, [(0, 2.0**64)], "as a float"),
        (1j, [(0, "1j")], "as text"),
    ],
)
def test_a_value_that_is_none_is_kept_as_it_fits_best(
    workspace: Workspace,
    run: LiveRun,
    warnings: Callable[[], list[str]],
    value: object,
    kept: list[tuple[int, Any]],
    said: str,
) -> None:
    run.log("loss", value)
    assert points(workspace, run, "loss") == kept
    run.log({"loss": value})
    (warning,) = warnings()
    assert said in warning
    assert "log('loss')" in warning


def test_a_dict_below_a_name_is_a_row(workspace: Workspace, run: LiveRun) -> None:
    run.log({"train": {"loss": 0.5, "acc": 1}}, step=4)
    assert points(workspace, run, "train/loss") == [(4, 0.5)]


def test_a_step_that_is_none_is_not_used(
    workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
) -> None:
    run.log("loss", 0.5, step=0.5)  # type: ignore[arg-type]
    run.log_image("picture", png(), step="x")  # type: ignore[arg-type]
    run.log_audio("bell", WAV, step=2**63)
    assert points(workspace, run, "loss") == [(0, 0.5)]
    assert len(workspace.images(run)) == 1
    assert ["is no whole number" in said for said in warnings()] == [True] * 3


@pytest.mark.parametrize(
    "table",
    [
        {"x": [1, 2], "y": ["a", "b"]},
        {"x": np.array([1, 2]), "y": ("a", "b")},
        [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}],
        pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}),
    ],
    ids=["lists", "arrays", "rows", "frame"],
)
def test_tables(workspace: Workspace, run: LiveRun, table: Any) -> None:
    run.log_table("t", table)
    assert points(workspace, run, "t/x") == [(0, 1.0), (1, 2.0)]
    assert points(workspace, run, "t/y") == [(0, "a"), (1, "b")]


def test_rows_that_are_none(
    workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
) -> None:
    run.log_row("empty", {})
    run.log_row("cell", {"x": {1}})
    run.log_row("number", 0.5)  # type: ignore[arg-type]
    run.log_table("rows", [1, 2])  # type: ignore[list-item]
    run.log_table("nothing", [])
    run.log_table("uneven", {"x": [1, 2], "y": 3})
    assert points(workspace, run, "cell/x") == [(0, "{1}")]
    assert points(workspace, run, "number") == [(0, 0.5)]
    assert points(workspace, run, "rows") == [(0, 1.0), (1, 2.0)]
    assert points(workspace, run, "uneven/y") == [(0, 3.0)]
    assert "log_row('empty')" in warnings()[0]
    assert "differ in length" in warnings()[-1]


def test_texts(workspace: Workspace, run: LiveRun) -> None:
    run.log_text("note", "# Good", step=2)
    run.log_text("note", 0.5)
    assert points(workspace, run, "note") == [(2, "# Good"), (1, "0.5")]


class TestImages:
    @pytest.mark.parametrize(
        "image",
        [
            png(),
            bytearray(png()),
            Image.new("RGB", (3, 2), "red"),
            Image.new("CMYK", (3, 2), (0, 255, 255, 0)),
            np.full((2, 3, 3), [255, 0, 0], dtype=np.uint8),
            np.full((2, 3, 3), [1.0, 0.0, 0.0]),
        ],
        ids=lambda image: type(image).__name__,
    )
    def test_of_every_kind(self, workspace: Workspace, run: LiveRun, image: Any) -> None:
        run.log_image("a/picture", image, step=4)
        (logged,) = workspace.images(run)
        assert (logged.name, logged.step) == ("a/picture", 4)
        assert logged.path.startswith("images/a/picture_")
        assert paths(workspace, run) == [logged.path]
        shown = Image.open(io.BytesIO(read(workspace, run, logged.path))).convert("RGB")
        assert shown.tobytes() == Image.new("RGB", (3, 2), "red").tobytes()

    def test_a_file(self, workspace: Workspace, run: LiveRun, tmp_path: Path) -> None:
        picture = tmp_path / "p.jpg"
        Image.new("RGB", (3, 2)).save(picture)
        run.log_image("p", picture)
        run.log_image("p", str(picture))
        first, second = workspace.images(run)
        assert first.path == second.path
        assert first.path.endswith(".jpg")
        assert read(workspace, run, first.path) == picture.read_bytes()

    def test_figures(self, workspace: Workspace, run: LiveRun) -> None:
        run.log_figure("plot", figure())
        run.log_figure("plot", figure().axes[0])
        run.log_image("plot", figure())
        assert [each.step for each in workspace.images(run)] == [0, 1, 2]

    @pytest.mark.parametrize(
        ("image", "why"),
        [
            (None, "type NoneType is no image"),
            (b"GIF", "no image file"),
            (np.zeros(3), r"shape \(3,\)"),
            (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
            (np.zeros((0, 2)), "no pixel"),
            (np.array([["a"]]), "pixels of type"),
            ("missing.png", "there is no image"),
            (Path(__file__), "the file is no image"),
            ("", "there is no image"),
            ("\0", "cannot be read"),
        ],
        ids=repr,
    )
    def test_what_is_none_is_left_out(
        self,
        workspace: Workspace,
        run: LiveRun,
        warnings: Callable[[], list[str]],
        image: Any,
        why: str,
    ) -> None:
        for _ in range(2):
            run.log_image("p", image)
        (said,) = warnings()
        assert re.search(why, said)
        assert said.endswith("nothing is recorded.")
        assert workspace.images(run) == ()
        assert paths(workspace, run) == []

    def test_names_of_any_length(self, workspace: Workspace, run: LiveRun) -> None:
        names = ["ä" * 1024, "a/" * 500 + "b", "../../etc", " "]
        for name in names:
            run.log_image(name, png())
        assert [each.name for each in workspace.images(run)] == names
        assert all(path.startswith("images/") for path in paths(workspace, run))


class TestAudio:
    def test_a_sound_is_a_file_and_a_value(self, workspace: Workspace, run: LiveRun) -> None:
        run.log_audio("bell", WAV, step=3)
        run.log_audio("bell", WAV)
        (path,) = paths(workspace, run)
        assert path.startswith("audio/")
        assert read(workspace, run, path) == WAV

    @pytest.mark.parametrize("wav", [b"", b"ID3", b"RIFF\x04\0\0\0WEBP", "RIFF", [0.5]])
    def test_what_is_no_wav_file_is_left_out(
        self, workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]], wav: Any
    ) -> None:
        run.log_audio("bell", wav)
        (said,) = warnings()
        assert "is not how a WAV file begins" in said
        assert paths(workspace, run) == []


class TestHistograms:
    def test_what_is_kept_are_counts_and_edges(
        self, workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
    ) -> None:
        run.log_histogram("weights", np.arange(128.0).reshape(4, 32), step=3)
        (path,) = paths(workspace, run)
        assert path.startswith("histograms/")
        data = json.loads(read(workspace, run, path))["data"]
        assert data["bin_counts"] == [2.0] * 64
        assert data["bin_edges"][::64] == [0.0, 127.0]
        assert warnings() == []

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ([], "without values"),
            (np.zeros((0, 3)), "without values"),
            ([float("nan"), None], "2 values that are no finite numbers"),
            ("text", "text is no number"),
            ([object()], "a value of type list"),
            (np.array([1j]), "complex128"),
            (([1, -1], [0, 1, 2]), "edges have to rise"),
        ],
    )
    def test_what_has_none_is_left_out(
        self,
        workspace: Workspace,
        run: LiveRun,
        warnings: Callable[[], list[str]],
        values: object,
        why: str,
    ) -> None:
        run.log_histogram("weights", values)
        (said,) = warnings()
        assert re.search(why, said)
        assert said.endswith("nothing is recorded.")
        assert paths(workspace, run) == []

    def test_what_is_no_finite_number_is_said(
        self, workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
    ) -> None:
        run.log_histogram("weights", np.array([1.0, np.nan, np.inf, 2.0]))
        (said,) = warnings()
        assert "2 values that are no finite numbers are left out" in said
        assert len(paths(workspace, run)) == 1


class TestPages:
    def test_a_page_is_a_file(
        self, workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
    ) -> None:
        run.log_html("report.html", "<p>first")
        run.log_html("report", "<p>second")
        run.log_html("frame", pd.DataFrame({"a": [1]}))
        assert paths(workspace, run) == ["html/frame.html", "html/report.html"]
        assert read(workspace, run, "html/report.html") == b"<p>second"
        assert b"<table" in read(workspace, run, "html/frame.html")
        assert warnings() == []

    def test_what_is_no_page_is_plain_text(
        self, workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
    ) -> None:
        run.log_html("report", ["<script>"])
        assert (
            read(workspace, run, "html/report.html") == b"<pre>[&#x27;&lt;script&gt;&#x27;]</pre>"
        )
        assert "as plain text" in warnings()[0]


class TestFiles:
    def test_a_file_under_its_own_name_or_another(
        self, workspace: Workspace, run: LiveRun, tmp_path: Path
    ) -> None:
        model = tmp_path / "model.pt"
        model.write_bytes(b"first")
        run.log_file(model)
        run.log_file(str(model), "models/./best.pt")
        model.write_bytes(b"second")
        run.log_file(model)
        assert paths(workspace, run) == ["model.pt", "models/best.pt"]
        assert read(workspace, run, "model.pt") == b"second"
        assert read(workspace, run, "models/best.pt") == b"first"

    def test_a_file_that_is_none_raises(
        self, workspace: Workspace, run: LiveRun, tmp_path: Path
    ) -> None:
        with pytest.raises(NotFound, match=r"missing\.pt"):
            run.log_file(tmp_path / "missing.pt")
        with pytest.raises(UsageError, match="is a folder"):
            run.log_file(tmp_path)
        with pytest.raises(UsageError, match="no path"):
            run.log_file(3)  # type: ignore[arg-type]
        for name in ("../x", "", "a/", 3):
            with pytest.raises(UsageError, match="file"):
                run.log_file(__file__, name)  # type: ignore[arg-type]
        assert paths(workspace, run) == []

    def test_a_dict_is_json(
        self, workspace: Workspace, run: LiveRun, warnings: Callable[[], list[str]]
    ) -> None:
        run.log_dict("config.json", {"layers": np.array([64, 10]), "by": {1}, "lr": 0.1})
        found = json.loads(read(workspace, run, "config.json"))
        assert found == {"layers": [64, 10], "by": "{1}", "lr": 0.1}
        circle: list[object] = []
        circle.append(circle)
        run.log_dict("circle.json", circle)
        first, second = warnings()
        assert "no place for set" in first
        assert "nothing is recorded" in second
        assert paths(workspace, run) == ["config.json"]


@pytest.mark.parametrize(
    "log",
    [
        lambda run: run.log({"late": 1}),
        lambda run: run.log_text("late", "text"),
        lambda run: run.log_table("late", {"x": [1]}),
        lambda run: run.log_image("late", png()),
        lambda run: run.log_audio("late", WAV),
        lambda run: run.log_histogram("late", [1]),
        lambda run: run.log_html("late", "<p>"),
        lambda run: run.log_file(__file__),
        lambda run: run.log_dict("late.json", {}),
    ],
)
def test_what_comes_after_the_block_is_kept_and_warned_of_once(
    workspace: Workspace, warnings: Callable[[], list[str]], log: Callable[[LiveRun], None]
) -> None:
    with workspace.start_run("digits", capture=False) as run:
        run.log("loss", 1)
    log(run)
    log(run)
    run.log("loss", 2)
    (said,) = warnings()
    assert "after the block" in said
    assert len(workspace.history(run, "loss")) == 2
    assert len(workspace.history(run)) > 2 or len(paths(workspace, run)) == 1
