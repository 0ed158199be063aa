from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from azureml.core import Experiment, Model, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.exceptions import ComputeTargetException, UserErrorException, WebserviceException

KEYS = {"subscription_id": "s-1", "resource_group": "group", "workspace_name": "mine"}
SCOPE = {
    "Id": None,
    "Scope": "/subscriptions/s-1/resourceGroups/group/providers/"
    "Microsoft.MachineLearningServices/workspaces/mine",
}


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def close(*workspaces: Workspace) -> None:
    for ws in workspaces:
        ws._service.close()


def test_without_a_file_it_is_in_this_folder(empty_folder: Path) -> None:
    ws = Workspace.from_config()

    assert ws.name == "default"
    assert ws._service.folder == empty_folder / ".trackboard" / "default"


def test_notebooks_print_what_it_is(ws: Workspace) -> None:
    text = "\n".join([ws.name, ws.resource_group, ws.location, ws.subscription_id])

    assert text == "default\nlocal\nlocal\n00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("content", [KEYS, SCOPE], ids=["portal's file", "write_config's file"])
@pytest.mark.parametrize(
    "place", ["config.json", ".azureml/config.json", "aml_config/project.json"]
)
def test_a_file_names_it(empty_folder: Path, content: object, place: str) -> None:
    write(empty_folder / place, content)

    ws = Workspace.from_config()

    assert (ws.name, ws.subscription_id, ws.resource_group) == ("mine", "s-1", "group")
    assert ws._service.folder == empty_folder / ".trackboard" / "mine"


def test_path_is_a_file_or_where_the_search_begins(empty_folder: Path) -> None:
    file = write(empty_folder / "elsewhere" / "config.json", KEYS)
    below = file.parent / "a" / "b"
    below.mkdir(parents=True)

    found = [Workspace.from_config(str(file)), Workspace.from_config(path=str(below))]

    assert {ws._service.folder for ws in found} == {file.parent / ".trackboard" / "mine"}


def test_a_file_of_another_name(empty_folder: Path) -> None:
    write(empty_folder / "other.json", KEYS)

    assert Workspace.from_config(_file_name="other.json").name == "mine"


def test_the_nearest_file_wins(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(empty_folder / ".azureml" / "config.json", {**KEYS, "workspace_name": "far"})
    write(empty_folder / "project" / "config.json", KEYS)
    monkeypatch.chdir(empty_folder / "project")

    assert Workspace.from_config().name == "mine"


def test_a_path_without_a_file_is_an_error_that_names_it(empty_folder: Path) -> None:
    with pytest.raises(UserErrorException, match="no config\\.json was found") as caught:
        Workspace.from_config(path=str(empty_folder))

    assert str(empty_folder) in caught.value.message
    assert "from_config() without a path" in caught.value.message


def test_a_file_that_lacks_something_is_an_error_that_says_what(empty_folder: Path) -> None:
    file = write(empty_folder / "config.json", {"workspace_name": "mine"})

    with pytest.raises(UserErrorException, match='"subscription_id"'):
        Workspace.from_config(str(file))


def test_by_name(empty_folder: Path) -> None:
    ws = Workspace("s-1", "group", "mine")

    assert (ws.name, ws.subscription_id, ws.resource_group) == ("mine", "s-1", "group")
    assert ws._service.folder == empty_folder / ".trackboard" / "mine"


@pytest.mark.parametrize("name", ["..", "a/b", "", "-x", "a b"])
def test_a_name_never_leads_elsewhere(empty_folder: Path, name: str) -> None:
    with pytest.raises(UserErrorException, match="name"):
        Workspace(workspace_name=name)

    assert not (empty_folder / ".trackboard").exists()


def test_experiments_by_name(ws: Workspace) -> None:
    assert ws.experiments == {}
    Experiment(ws, "b")
    Experiment(ws, "a").start_logging()

    assert {name: exp.name for name, exp in ws.experiments.items()} == {"a": "a", "b": "b"}


def test_get_run(ws: Workspace, exp: Experiment) -> None:
    run = exp.start_logging()

    assert ws.get_run(run.id).experiment.name == "trial"
    with pytest.raises(UserErrorException, match="no run 'nobody'"):
        ws.get_run("nobody")


def test_repr_is_a_call(ws: Workspace) -> None:
    assert repr(ws).startswith("Workspace.create(name='default', subscription_id='0000")


def test_every_door_to_a_thing_gives_the_same(ws: Workspace, tmp_path: Path) -> None:
    """`workspace.experiments[...]` and its like know what the classes know by name, and nothing else."""
    ComputeTarget.create(ws, "cluster", AmlCompute.provisioning_configuration(max_nodes=1))
    Experiment(ws, "trial").start_logging(outputs=None).complete()
    (tmp_path / "model.txt").write_text("x")
    Model.register(ws, str(tmp_path / "model.txt"), "digits")

    assert ws.compute_targets["cluster"].name == ComputeTarget(ws, "cluster").name
    assert ws.experiments["trial"].id == Experiment(ws, "trial").id
    assert ws.models["digits"].id == Model(ws, "digits").id
    for name in ("Cluster", "local", "nope"):
        assert name not in ws.compute_targets
        with pytest.raises(ComputeTargetException):
            ComputeTarget(ws, name)
    for name in ("Trial", "nope"):
        assert name not in ws.experiments
        assert Experiment.list(ws, name) == []
    for name in ("Digits", "nope"):
        assert name not in ws.models
        with pytest.raises(WebserviceException):
            Model(ws, name)


@pytest.mark.parametrize("path", [".azureml", "./.azureml", "aml_config", ".azureml/", ".", None])
def test_what_was_configured_is_opened_again(empty_folder: Path, path: str | None) -> None:
    ws = Workspace.create("mine", subscription_id="0", resource_group="rg")
    ws.write_config(path=path)

    again = Workspace.from_config()

    assert (again.name, again.resource_group) == ("mine", "rg")
    assert again._service.folder == ws._service.folder
    assert not [*empty_folder.rglob("default")]
    assert len([*empty_folder.rglob("config.json")]) == 1
    if path and len(path) > 1:
        assert Workspace.from_config(path=path).name == "mine"


@pytest.mark.parametrize("folder", [".azureml/.azureml", "aml_config/aml_config"])
def test_a_file_that_the_sdk_nested_is_found(empty_folder: Path, folder: str) -> None:
    scope = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    )
    (empty_folder / folder).mkdir(parents=True)
    (empty_folder / folder / "config.json").write_text(json.dumps({"Id": None, "Scope": scope}))

    ws = Workspace.from_config()

    assert ws.name == "w"
    assert ws._service.folder == empty_folder / ".trackboard" / "w"


def test_the_only_workspace_is_opened_whatever_its_name(empty_folder: Path) -> None:
    Workspace.create("mine")
    (empty_folder / "below").mkdir()
    with contextlib.chdir(empty_folder / "below"):
        assert Workspace.from_config().name == "mine"

    Workspace.create("other")

    assert Workspace.from_config().name == "default", "two: none is meant more than the other"
