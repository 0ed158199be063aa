"""Workspaces, experiments and runs are values: they go through pickle, deepcopy and other processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import pytest

from azureml.core import Environment, Experiment, Model, Run, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def test_a_run_is_one_thing(run: Run) -> None:
    child = run.child_run("child")

    for one in (run, child):
        assert copy.deepcopy({"run": one})["run"] is one
        assert copy.copy(one) is one
        assert again(one) is one
    again(run).log("loss", 0.5)
    assert run.get_metrics() == {"loss": 0.5}
    run.complete()
    assert again(run).get_status() == "Completed"


def test_a_run_that_was_found(exp: Experiment, run: Run) -> None:
    found = Run(exp, run.id)

    assert again(found).id == run.id
    assert again(next(exp.get_runs())).get_status() == "Running"


def test_what_is_around_it(ws: Workspace, exp: Experiment, empty_folder: Path) -> None:
    (empty_folder / "m.txt").write_text("m")
    model = Model.register(ws, "m.txt", "m")
    cluster = ComputeTarget.create(
        ws, "cluster", AmlCompute.provisioning_configuration(max_nodes=1)
    )
    config = ScriptRunConfig(".", "m.txt", compute_target=cluster, environment=Environment("e"))

    for how in (again, copy.deepcopy):
        assert how(ws).name == ws.name
        assert how(ws).get_details() == ws.get_details()
        assert how(exp).name == exp.name
        assert [one.id for one in how(exp).get_runs()] == [one.id for one in exp.get_runs()]
        assert how(model).id == model.id
        assert how(cluster).name == "cluster"
        assert how(config).run_config.target == "cluster"
        assert how(config).run_config.environment.name == "e"


def log_from_elsewhere(run: Run, ws: Workspace, number: int) -> None:
    assert run.experiment.workspace.name == ws.name
    run.log("seen", number)
    run.complete()


def test_a_process_that_is_spawned(ws: Workspace, run: Run) -> None:
    spawned = multiprocessing.get_context("spawn")
    process = spawned.Process(target=log_from_elsewhere, args=(run, ws, 7))
    process.start()
    process.join()

    assert process.exitcode == 0
    assert run.get_metrics() == {"seen": 7}
    assert run.get_status() == "Running", "it is this process's to end"


WAYS_TO_ASK: dict[str, Any] = {
    "experiment": lambda run: hasattr(run, "experiment"),
    "experiment's name": lambda run: run.experiment.name,
    "workspace": lambda run: run.experiment.workspace.name,
    "workspace's words": lambda run: repr(run.experiment.workspace),
    "subscription": lambda run: run.experiment.workspace.subscription_id,
    "parent": lambda run: getattr(run, "parent", None),
    "id": lambda run: "OfflineRun" in run.id,
    "type": lambda run: type(run).__name__,
    "isinstance": lambda run: isinstance(run, Run),
    "status": lambda run: (run.status, run.get_status()),
    "details": lambda run: run.get_details(),
    "tags": lambda run: (run.tags, run.get_tags(), run.properties, run.get_properties()),
    "metrics": lambda run: (run.get_metrics(), run.get_file_names(), [*run.get_children()]),
    "names": lambda run: (run.name, run.display_name, run.number, run.description, run.type),
    "datasets": lambda run: (run.input_datasets, run.output_datasets),
    "portal": lambda run: (run.get_portal_url(), run.portal_url, run.identity),
    "repr": lambda run: (repr(run), run._repr_html_()),
    "any": lambda run: [hasattr(run, name) for name in dir(run) if name[0] != "_"],
}


@pytest.mark.parametrize("way", WAYS_TO_ASK)
def test_asking_whether_this_is_a_job_makes_nothing(
    empty_folder: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azureml.core._run import offline

    monkeypatch.setattr(offline, "_context", offline._OfflineRun())

    WAYS_TO_ASK[way](Run.get_context())

    assert [*empty_folder.iterdir()] == []


def test_what_was_asked_for_can_be_used(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azureml.core._run import offline

    monkeypatch.setattr(offline, "_context", offline._OfflineRun())
    experiment = Run.get_context().experiment

    assert experiment.tags == {}
    run = experiment.start_logging(outputs=False)
    run.log("loss", 1)

    ws = experiment.workspace
    assert (empty_folder / ".trackboard" / "default").is_dir()
    assert [*ws.experiments] == [experiment.name]
    assert ws.experiments[experiment.name].id == experiment.id
    ws._service.recorder().close()
    ws._service.close()
