"""Runs by filter, points as a table, files: the native way to read a workspace."""

import doctest
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.workspaces import api

import trackboard
from trackboard import Workspace as OpenedWorkspace
from trackboard.errors import NotFound, UsageError
from trackboard.history import conditions
from trackboard.model import ArtifactKind, RunId, RunState
from trackboard.ports import Field, Order, RunQuery, Source
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path)
    yield workspace
    workspace.close()


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """Three runs `a`, `b`, `c` of `digits`, oldest first, and one of `words`."""
    for number, name in enumerate("abc"):
        with api(workspace).start_run(
            "digits",
            name=name,
            parameters={"lr": 10.0**-number, "layers": number, "optimizer": "adam"},
            tags={"team": "vision"} if name != "b" else {"draft": None},
            capture=False,
        ) as run:
            for step in range(3):
                run.log("loss", step + number, 10 * step)
            run.log("accuracy", 0.5 + number / 10)
            run.log("note", f"ü{number}")
            run.log("is_good", number > 1)
            run.log_row("table", {"x": 7})
    with api(workspace).start_run("words", capture=False) as run:
        run.log("loss", float("nan"))
    return workspace


LOSS = Field(Source.METRIC, "loss")


def names(runs: tuple[trackboard.Run, ...]) -> list[str]:
    return [run.name for run in runs]


def test_runs_by_filter(filled: Workspace) -> None:
    find = api(filled).runs
    assert names(find(experiment="digits")) == ["c", "b", "a"]
    assert len(find()) == 4
    assert names(find(tags={"team": "vision"})) == ["c", "a"]
    assert names(find(tags={"draft": None})) == ["b"]
    assert names(find(parameters={"lr": 1, "optimizer": "adam"})) == ["a"]
    assert names(find(where="accuracy > 0.55")) == ["c", "b"]
    assert names(find(where=["accuracy > 0.55", "accuracy < 0.65"])) == ["b"]
    assert names(find(experiment="digits", order="accuracy", limit=2)) == ["c", "b"]
    assert names(find(experiment="digits", order="-accuracy", offset=1)) == ["b", "c"]
    assert names(find(experiment="digits", order=Order(LOSS, descending=False))) == [*"abc"]
    assert names(find(RunQuery(experiment="digits"), limit=1)) == ["c"]
    assert len(find(state="completed")) == 4
    assert find(state=["failed", RunState.CANCELED]) == ()


def test_children_by_filter(filled: Workspace) -> None:
    with (
        api(filled).start_run("digits", name="up", capture=False) as run,
        api(filled).start_run("digits", name="below", parent=run, capture=False),
    ):
        pass
    assert names(api(filled).runs(parent=run.id)) == ["below"]
    assert names(api(filled).runs(experiment="digits", top_level=True, limit=1)) == ["up"]


@pytest.mark.parametrize(
    "wrong", [{"where": "accuracy"}, {"where": "accuracy > high"}, {"state": "done"}]
)
def test_wrong_conditions(workspace: Workspace, wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        api(workspace).runs(**wrong)  # type: ignore[arg-type]


def test_runs_as_a_table(filled: Workspace) -> None:
    runs = api(filled).runs(order="-number")
    frame = runs.to_pandas()
    assert list(frame.columns[:10]) == [
        *("id", "experiment", "name", "state", "kind", "parent"),
        *("created", "started", "ended", "duration"),
    ]
    assert frame.id.tolist() == [run.id for run in runs]
    assert str(frame.created.dtype).endswith("UTC]")
    assert frame.duration.dt.total_seconds().ge(0).all()
    table = runs.to_arrow()
    assert table.column_names == list(frame.columns)
    first = {run["name"]: run for run in table.to_pylist()}["a"]
    assert (first["params.lr"], first["params.optimizer"]) == (1, "adam")
    assert (first["tags.team"], first["metrics.accuracy"]) == ("vision", 0.5)
    assert (first["metrics.note"], first["metrics.is_good"]) == ("ü0", False)
    assert frame["metrics.accuracy"].max() == 0.7
    assert frame["tags.draft"].dropna().tolist() == [""]
    chosen = runs.to_pandas(["loss.min", "loss.step", "number"])
    assert list(chosen.columns[10:]) == ["loss.min", "loss.step", "number"]
    assert chosen["loss.step"].max() == 20
    with pytest.raises(NotFound, match="Did you mean 'loss'"):
        runs.to_pandas(["los.min"])
    assert len(api(filled).runs(where="accuracy > 7").to_arrow()) == 0


def test_conditions_twice(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="twice"):
        api(workspace).runs(RunQuery(), experiment="digits")


def test_history_is_a_long_table(filled: Workspace) -> None:
    first = api(filled).runs(experiment="digits")[2]
    history = api(filled).history(first)
    assert len(history) == 7
    assert history.steps.dtype == np.int64
    assert history.values.dtype == history.times_s.dtype == np.float64
    rows = {
        metric: [column[history.metric == metric].tolist() for column in columns]
        for columns in [(history.steps, history.values, history.texts)]
        for metric in history.metrics
    }
    assert np.isnan(rows.pop("note")[1]).all()
    assert rows == {
        "loss": [[0, 10, 20], [0, 1, 2], [None] * 3],
        "accuracy": [[0], [0.5], [None]],
        "is_good": [[0], [0], [None]],
        "table/x": [[0], [7], [None]],
    }
    assert history.texts[history.metric == "note"].tolist() == ["ü0"]
    assert set(history.run) == {first.id}
    assert set(history.run_name) == {"digits/a"}
    assert set(history.experiment) == {"digits"}
    assert abs(history.times_s - first.created_s).max() < 60


def test_history_of_several(filled: Workspace) -> None:
    runs = api(filled).runs(experiment="digits")
    history = api(filled).history(runs, ["loss", "accuracy"])
    called = ("digits/c", "digits/b", "digits/a")
    assert (history.runs, history.run_names) == (tuple(run.id for run in runs), called)
    assert history.run_name.tolist() == [name for name in called for _ in range(4)]
    assert history.values[history.metric == "accuracy"].tolist() == [0.7, 0.6, 0.5]
    assert len(api(filled).history(runs, "loss", limit=1)) == 3
    assert len(api(filled).history([], "loss")) == 0


def test_runs_are_meant_by_id_name_or_as_they_are(filled: Workspace) -> None:
    run = api(filled).runs(experiment="digits")[0]
    for meant in (run, run.id, "digits/c", "c"):
        assert api(filled).history(meant).runs == (run.id,)
    assert api(filled).history([run, "c", run.id]).runs == (run.id,)
    assert len(api(filled).history("digits").runs) == 3
    assert api(filled).history(["digits", "words"]).run_names[-1] == "words/run-1"
    with pytest.raises(NotFound, match="'nobody'"):
        api(filled).history("nobody")
    with pytest.raises(UsageError, match="experiment of 3 runs"):
        api(filled).files("digits")


def test_a_frame_for_pandas(filled: Workspace) -> None:
    frame = api(filled).history("digits", ["loss", "note"]).to_pandas()
    assert list(frame.columns) == [
        "run",
        "run_name",
        "experiment",
        "metric",
        "step",
        "time",
        "value",
        "text",
    ]
    assert len(frame) == 12
    assert frame.time.dt.tz is not None
    last = frame[frame.metric == "loss"].groupby("run_name", observed=True).value.last()
    assert last.to_dict() == {"digits/a": 2, "digits/b": 3, "digits/c": 4}
    assert frame.text.dropna().tolist() == ["ü0", "ü1", "ü2"]


def test_a_table_for_arrow(filled: Workspace) -> None:
    import pyarrow as pa

    table = api(filled).history("digits", ["loss", "note"]).to_arrow()
    assert table.column_names == [
        "run",
        "run_name",
        "experiment",
        "metric",
        "step",
        "time",
        "value",
        "text",
    ]
    assert table.schema.field("time").type == pa.timestamp("us", tz="UTC")
    rows = table.to_pylist()
    assert len(rows) == 12
    note = next(row for row in rows if row["metric"] == "note")
    assert (note["value"], note["text"], note["run_name"]) == (None, "ü0", "digits/a")
    nan = api(filled).history("words").to_arrow()["value"].to_pylist()
    assert len(nan) == 1
    assert str(nan[0]) == "nan"  # a number, and not missing


def test_frames_of_nothing_and_of_odd_times(workspace: Workspace) -> None:
    empty = api(workspace).history([])
    assert len(empty.to_pandas()) == empty.to_arrow().num_rows == 0
    with (
        api(workspace).start_run("e", name="same", capture=False) as one,
        api(workspace).start_run("e", name="same", capture=False) as two,
    ):
        one.log("loss", 1)
        two.log("loss", 2)
    history = api(workspace).history([one, two])
    history.times_s.setflags(write=True)
    history.times_s[0] = float("nan")
    frame = history.to_pandas()
    assert frame.run_name.tolist() == ["e/same", "e/same #2"]
    assert frame.time.isna().tolist() == [True, False]
    assert history.to_arrow()["time"].null_count == 1


@pytest.mark.parametrize(("module", "method"), [("pandas", "to_pandas"), ("pyarrow", "to_arrow")])
def test_without_the_extra(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, module: str, method: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=r"pip install 'trackboard\[frames\]'"):
        getattr(api(workspace).history([]), method)()


def test_files_and_images(workspace: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"PNG")
    with source.open("rb") as stream:
        key, size = workspace.blobs.put(stream)
    with api(workspace).start_run("e", capture=False) as run:
        run.append_bytes("logs/train.log", 0, b"line\n")
        run.log_artifact("plot", ArtifactKind.IMAGE, "images/plot.png", key, size)
        run.log_artifact("table", ArtifactKind.ACCURACY_TABLE, "table.json", key, size)
        run.add_file("outputs/model.bin", key, size)
    assert [image.path for image in api(workspace).images(run)] == ["images/plot.png"]
    with api(workspace).open_file(run, "images/plot.png") as file:
        assert file.read() == b"PNG"
    with api(workspace).open_file(run, "logs/train.log") as file:
        assert file.read() == b"line\n"
    paths = [file.path for file in api(workspace).files(run)]
    assert paths == ["images/plot.png", "logs/train.log", "outputs/model.bin", "table.json"]
    with pytest.raises(NotFound, match="Did you mean"):
        api(workspace).open_file(run, "outputs/model")
    with pytest.raises(NotFound, match="It has 'images/plot"):
        api(workspace).open_file(run, "../../trackboard.toml")
    (workspace.run_folder(run.id) / "logs/train.log").unlink()
    with pytest.raises(NotFound):
        api(workspace).open_file(run, "logs/train.log")
    with pytest.raises(NotFound):
        api(workspace).files(RunId("nobody"))


def test_examples(workspace: Workspace) -> None:
    assert doctest.testmod(conditions).failed == 0
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner()
    for method in ("start_run", "runs", "history", "wait"):  # each goes on where the other ended
        found = finder.find(
            getattr(OpenedWorkspace, method),
            method,
            globs={"workspace": api(workspace)},
        )
        for example in found:
            runner.run(example)
    assert runner.summarize(verbose=False) == (0, 4)


@pytest.mark.usefixtures("empty_folder")
def test_the_example_of_the_package() -> None:
    assert doctest.testmod(trackboard).failed == 0


def test_all_names_are_there_and_loaded_late() -> None:
    assert {name for name in trackboard.__all__ if getattr(trackboard, name)} == {
        *trackboard.__all__
    }
    assert {*trackboard.__all__} <= {*dir(trackboard)}
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = trackboard.no_such_name
    program = (
        "import sys, trackboard; before = {*sys.modules}; trackboard.Workspace\n"
        "print('sqlalchemy' in before, 'trackboard.workspace' in before)\n"
        "print('sqlalchemy' in sys.modules, 'numpy' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.split() == ["False", "False", "True", "False"]


def test_a_block_closes_the_workspace(tmp_path: Path) -> None:
    closed = []

    class Told(trackboard.Workspace):
        def close(self) -> None:
            closed.append(self)
            super().close()

    with Told.open(tmp_path) as opened:
        assert not opened.runs()
        with pytest.raises(ZeroDivisionError), Told.open(tmp_path) as failed:
            _ = 1 / 0
        assert closed == [failed]
    assert closed == [failed, opened]
