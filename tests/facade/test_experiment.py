from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from tests.workspaces import parts

from azureml.core import Experiment, Model, Workspace
from azureml.core.experiment import ViewType
from azureml.exceptions import AzureMLException, ServiceException, UserErrorException
from trackboard.model import RunId


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
    with pytest.raises(AzureMLException, match=r"'train.py' is str, which cannot be submitted"):
        exp.submit("train.py")


def test_repr(exp: Experiment) -> None:
    assert repr(exp) == "Experiment(Name: trial,\nWorkspace: default)"


def test_tags_of_an_experiment(ws: Workspace, exp: Experiment) -> None:
    assert exp.tags == {}
    exp.tag("who", 7)
    exp.tag("mark")
    exp.set_tags({"who": "me", "stage": "x"})

    assert Experiment(ws, "trial").tags == {"who": "me", "mark": None, "stage": "x"}
    assert exp.remove_tags(["who", "nothing"]) == {"mark": None, "stage": "x"}
    with pytest.raises(UserErrorException, match="must be text"):
        exp.set_tags({3: "x"})  # type: ignore[dict-item]


def test_experiments_are_listed_by_tags(ws: Workspace, exp: Experiment) -> None:
    Experiment(ws, "other").set_tags({"who": "me", "mark": "1"})
    exp.set_tags({"mark": None})

    def names(**which: object) -> list[str]:
        return [one.name for one in Experiment.list(ws, **which)]  # type: ignore[arg-type]

    assert names() == ["trial", "other"]
    assert names(tags="mark") == ["trial", "other"]
    assert names(tags={"mark": None}) == ["trial"]
    assert names(tags={"mark": 1}) == ["other"]
    assert names(tags={"mark": "1", "who": "you"}) == []
    assert names(experiment_name="other", tags="who") == ["other"]
    with pytest.raises(ValueError, match="pass a key"):
        names(tags=3)
    with pytest.raises(UserErrorException, match="no view 'Old'"):
        names(view_type="Old")


def test_an_archived_experiment_is_put_away(ws: Workspace, exp: Experiment) -> None:
    other, run = Experiment(ws, "other"), exp.start_logging(outputs=False)

    exp.archive()

    assert exp.archived_time is not None
    archived = datetime.strptime(exp.archived_time, "%Y-%m-%dT%H:%M:%S%z")
    assert abs((datetime.now(UTC) - archived).total_seconds()) < 60
    assert [*ws.experiments] == ["other"]
    listed = {
        view: [one.name for one in Experiment.list(ws, view_type=view)]
        for view in (ViewType.ActiveOnly, ViewType.ArchivedOnly, ViewType.All)
    }
    assert listed == {"ActiveOnly": ["other"], "ArchivedOnly": ["trial"], "All": ["trial", "other"]}
    assert other.archived_time is None
    assert Experiment(ws, "trial").archived_time == exp.archived_time
    later = exp.start_logging(outputs=False)
    assert [one.id for one in exp.get_runs()] == [later.id, run.id]
    with pytest.raises(UserErrorException, match="keeps its name"):
        exp.reactivate("new")
    exp.reactivate()
    assert exp.archived_time is None
    assert [*ws.experiments] == ["trial", "other"]


def test_a_deleted_experiment_is_gone(ws: Workspace, exp: Experiment) -> None:
    run = Experiment(ws, "other").start_logging(outputs=False)
    doomed = exp.start_logging(run_id="mine", outputs=False)
    doomed.log("loss", 1.0)
    doomed.upload_file("outputs/model.pkl", io.BytesIO(b"weights"))
    model = doomed.register_model("digits", "outputs/model.pkl")
    folder = ws._service.files.get_folder(RunId("mine"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.txt").write_text("x")
    with pytest.raises(ServiceException, match="not ended: mine") as caught:
        Experiment.delete(ws, exp.id)
    assert caught.value.status_code == 409
    assert folder.exists()
    doomed.complete()

    Experiment.delete(ws, exp.id)

    assert [*ws.experiments] == ["other"]
    assert folder.exists(), "it is in the trash"
    assert ws.get_run(run.id).id == run.id
    with pytest.raises(UserErrorException, match="no run 'mine'"):
        ws.get_run("mine")
    with pytest.raises(UserErrorException, match="it was deleted"):
        _ = exp.tags
    with pytest.raises(UserErrorException, match="no experiment 'trial'"):
        Experiment.delete(ws, "trial")
    with pytest.raises(UserErrorException, match="'mine' was deleted"):
        exp.start_logging(run_id="mine")
    assert (model.run, model.experiment) == (None, None)
    assert Model(ws, "digits").download("x") == "x/model.pkl"
    assert exp.start_logging(outputs=False).number == 2, "an experiment may be made again"
    assert ws._service.trash.restore([RunId("mine")]) == ("mine",)
    assert ws.get_run("mine").get_metrics() == {"loss": 1.0}


def test_what_a_run_says_after_it_was_deleted_goes_into_the_trash(
    ws: Workspace, exp: Experiment
) -> None:
    run = exp.start_logging(outputs=False)
    live = run._live
    run.complete()
    Experiment.delete(ws, exp.id)

    live.log("loss", 1.0)
    live.set_tag("k", "v")
    live.append_bytes("logs/log.txt", 0, b"text")

    assert Experiment.list(ws) == []
    assert parts(ws._service).store.list_runs() == ()
    ws._service.trash.restore_experiment(exp.name)
    assert run.get_metrics() == {"loss": 1.0}
    assert run.get_tags() == {"k": "v"}
    assert (ws._service.files.get_folder(RunId(run.id)) / "logs" / "log.txt").read_text() == "text"
