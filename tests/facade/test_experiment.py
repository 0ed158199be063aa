from __future__ import annotations

import pytest

from azureml.core import Experiment, Workspace
from azureml.exceptions import AzureMLException, UserErrorException


def test_it_is_made_once(ws: Workspace) -> None:
    first, second = (
        Experiment(ws, "tensorboard-demo"),
        Experiment(workspace=ws, name="tensorboard-demo"),
    )

    assert first.name == second.name
    assert first.workspace is ws
    assert [*ws.experiments] == ["tensorboard-demo"]


@pytest.mark.parametrize("name", ["a", "A1_-b", "0" * 255, "données"])
def test_names_that_the_service_took(ws: Workspace, name: str) -> None:
    assert Experiment(ws, name).name == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "a/b", "a\n", "é", "0" * 256, None, 3])
def test_other_names_are_an_error_that_shows_a_good_one(ws: Workspace, name: str) -> None:
    with pytest.raises(UserErrorException, match="is not allowed") as caught:
        Experiment(ws, name)

    assert repr(name) in caught.value.message
    assert "1 to 255 letters, digits, _ and -" in caught.value.message
    assert ws.experiments == {}


def test_start_logging_is_running_at_once(exp: Experiment) -> None:
    run = exp.start_logging()

    assert run.get_status() == "Running"
    assert run.experiment is exp
    assert (run.name, run.number) == ("run-1", 1)


def test_start_logging_takes_the_sdks_arguments(exp: Experiment) -> None:
    run = exp.start_logging(
        "mine", run_id="own-id", outputs=None, snapshot_directory=None, tags={"who": 7}
    )

    assert (run.id, run.name, run.get_tags()) == ("own-id", "mine", {"who": "7"})
    assert exp.start_logging(display_name="shown").display_name == "shown"


def test_start_logging_names_what_it_does_not_know(exp: Experiment) -> None:
    with pytest.raises(UserErrorException, match="start_logging: proprties cannot be used"):
        exp.start_logging(proprties={})


def test_a_run_id_that_could_be_a_path_is_refused(exp: Experiment) -> None:
    with pytest.raises(UserErrorException, match=r"'\.\./x' is not allowed"):
        exp.start_logging(run_id="../x")


def test_runs_come_newest_first_without_children(exp: Experiment) -> None:
    runs = [exp.start_logging() for _ in range(3)]
    child = runs[0].child_run("c")

    assert [run.id for run in exp.get_runs()] == [run.id for run in reversed(runs)]
    assert child.id in {run.id for run in exp.get_runs(include_children=True)}


def test_runs_of_other_experiments_are_not_among_them(ws: Workspace, exp: Experiment) -> None:
    Experiment(ws, "other").start_logging()

    assert [*exp.get_runs()] == []


def test_what_cannot_be_submitted_is_said(exp: Experiment) -> None:
    with pytest.raises(AzureMLException, match="A str cannot be submitted; a ScriptRunConfig"):
        exp.submit("train.py")


def test_repr(exp: Experiment) -> None:
    assert repr(exp) == "Experiment(Name: trial,\nWorkspace: default)"
