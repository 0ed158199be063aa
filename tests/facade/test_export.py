from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from azureml.core import Experiment, Run, Workspace
from azureml.exceptions import UserErrorException
from azureml.tensorboard.export import export_to_tensorboard
from trackboard.eventfile import encode


@pytest.fixture
def root(exp: Experiment) -> Run:
    """The article's: values on the root, seven children without any."""
    root = exp.start_logging()
    for step in range(7):
        with root.child_run(f"alpha{step}"):
            root.log("alpha", step / 10)
    return root


def exported(folder: str = "out") -> dict[str, bytes]:
    paths = sorted(
        path for path in Path(folder).rglob("*") if path.is_file() and "tfevents" in path.name
    )
    return {str(path.parent.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_running_run_is_exported_up_to_now(root: Run) -> None:
    export_to_tensorboard(root, "out")
    before = exported()
    root.log("alpha", 0.7)
    export_to_tensorboard(root, "out")

    assert [*before] == ["trial/run-1"]
    assert len(exported()["trial/run-1"]) > len(before["trial/run-1"])


def test_twice_is_the_same_as_once(root: Run) -> None:
    export_to_tensorboard(root, "out")
    before = exported()
    stamps = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*tfevents*")}
    export_to_tensorboard(root, "out")

    assert exported() == before
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*tfevents*")} == stamps


def test_what_is_skipped_is_one_line(root: Run, capsys: pytest.CaptureFixture[str]) -> None:
    export_to_tensorboard(root, "out")

    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "7 runs have nothing to show, no metrics and no event files (7 completed)"
    )
    assert line.endswith("trial/run-1/alpha0, trial/run-1/alpha1, trial/run-1/alpha2 and 4 more")


def test_children_can_be_left_out(root: Run, capsys: pytest.CaptureFixture[str]) -> None:
    export_to_tensorboard(root, "out", recursive=False)

    assert capsys.readouterr().out == ""


def test_a_logger_is_told_instead(
    root: Run, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        export_to_tensorboard(root, "out", logger=logging.getLogger("mine"))

    assert capsys.readouterr().out == ""
    assert [record.name for record in caplog.records] == ["mine"]


def test_what_a_reader_should_know_is_said(root: Run, capsys: pytest.CaptureFixture[str]) -> None:
    root.log("huge", 1e300)
    export_to_tensorboard(root, "out", recursive=False)

    assert "trial/run-1: huge: 1 of 1 values are greater than" in capsys.readouterr().out


def test_an_experiment_and_lists(ws: Workspace, exp: Experiment, root: Run) -> None:
    other = Experiment(ws, "other").start_logging("mine")
    other.log("loss", 1)
    given = [root, other]
    export_to_tensorboard(exp, "of-experiment")
    export_to_tensorboard(given, "of-list")
    export_to_tensorboard([root, root, "other/mine"], "of-both")

    assert [*exported("of-experiment")] == ["trial/run-1"]
    assert [*exported("of-list")] == [*exported("of-both")] == ["other/mine", "trial/run-1"]
    assert given == [root, other], "the caller's list stays as it is"


@pytest.mark.parametrize("name", ["trial/run-1", "run-1", "trial", "id"])
def test_a_name(root: Run, name: str) -> None:
    export_to_tensorboard(root.id if name == "id" else name, "out")

    assert [*exported()] == ["trial/run-1"]


def test_a_name_that_several_runs_have_lists_them(ws: Workspace) -> None:
    runs = [Experiment(ws, name).start_logging("same") for name in ("a", "b")]

    with pytest.raises(UserErrorException, match="2 runs are called 'same'") as caught:
        export_to_tensorboard("same", "out")
    for name, run in zip("ab", runs, strict=True):
        assert f"{name}/same  {run.id}" in caught.value.message
    assert not Path("out").exists()


@pytest.mark.usefixtures("root")
def test_an_unknown_name_shows_the_nearest() -> None:
    with pytest.raises(UserErrorException, match="no run is called 'trial/run-2'") as caught:
        export_to_tensorboard("trial/run-2", "out")

    assert "Did you mean 'trial/run-1'" in caught.value.message


@pytest.mark.usefixtures("ws")
@pytest.mark.parametrize(
    ("given", "said"),
    [([], "the list of runs is empty"), ([3], "3 is int. Pass a run"), (None, "None is NoneType")],
)
def test_what_is_no_run_is_said(given: Any, said: str) -> None:
    with pytest.raises(UserErrorException, match=said):
        export_to_tensorboard(given, "out")


def test_a_file_in_the_folders_place_is_said(root: Run) -> None:
    Path("out").write_text("mine")

    with pytest.raises(UserErrorException, match="out"):
        export_to_tensorboard(root, "out")
    assert Path("out").read_text() == "mine"


def write_events(path: str, name: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(b"".join(encode.texts(name, [0], [1.0], [name])))


def test_event_files_are_exported_wherever_their_bytes_are(exp: Experiment) -> None:
    run = exp.start_logging()
    write_events("one.tfevents", "file")
    write_events("tb/logs/two.tfevents", "folder")
    Path("tb/logs/metadata.tsv").write_text("a")
    write_events("outputs/tb/three.tfevents", "kept")
    run.upload_file("uploads/one.tfevents", "one.tfevents")
    run.upload_folder("logs", "tb/logs")
    child = run.child_run("child")
    child.upload_file("logs/one.tfevents", "one.tfevents")
    child.complete()
    run.complete()
    export_to_tensorboard(run, "out")

    assert exported().keys() == {
        "trial/run-1",
        "trial/run-1/uploads",
        "trial/run-1/outputs/tb",
        "trial/run-1/child",
    }
    assert Path("out/trial/run-1/metadata.tsv").read_text() == "a"
