"""All public members of the SDK's classes, and what they take: facts, read mechanically from its release.

`sdk_signatures.txt` has a line for each; `test_signatures.py` knows the defaults of those that matter most.
What has no meaning here is there, takes the same, and refuses in words.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azureml._names import HERE
from azureml.core import (
    Environment,
    Experiment,
    Model,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from azureml.core._refused import RefusedProperty
from azureml.core.authentication import AzureMLTokenAuthentication
from azureml.core.compute import AmlCompute, ComputeTarget, RemoteCompute
from azureml.core.environment import (
    DockerBuildContext,
    DockerImagePlatform,
    EnvironmentReference,
    ImageBuildDetails,
    RCranPackage,
    RGitHubPackage,
    RSection,
    SparkPackage,
)
from azureml.exceptions import AzureMLException, UserErrorException
from azureml.tensorboard import Tensorboard
from azureml.train.dnn import Chainer, PyTorch, TensorFlow
from azureml.train.estimator import Estimator
from azureml.train.sklearn import SKLearn

LINES = Path(__file__).with_name("sdk_signatures.txt").read_text("utf-8").splitlines()
CALLS = [line for line in LINES if line.endswith(")")]
ATTRIBUTES = [line for line in LINES if not line.endswith(")")]
_MODULES = ("azureml.core.runconfig", "azureml.core.environment", "azureml.core.compute")

# Their order differs, or some are not known by name, on purpose.
OTHERWISE = {
    "RemoteCompute.attach": "also takes a configuration in third place, as ComputeTarget.attach does",
}


def class_of(name: str) -> Any:
    if name in HERE:
        module, name = HERE[name]
        return getattr(importlib.import_module(module), name)
    modules = [importlib.import_module(module) for module in _MODULES]
    return next(vars(module)[name] for module in modules if name in vars(module))


def taken(line: str) -> tuple[str, str, list[str], list[str]]:
    """The class, the member, the parameters by place and those by name only."""
    owner, _, call = line.partition(".")
    member, _, parameters = call.partition("(")
    arguments = ast.parse(f"lambda {parameters[:-1]}: 0").body[0].value.args  # type: ignore[attr-defined]
    by_name = [one.arg for one in arguments.kwonlyargs]
    return owner, member, [one.arg for one in arguments.args], by_name


@pytest.mark.parametrize("line", CALLS, ids=lambda line: line.partition("(")[0])
def test_a_call_takes_what_the_sdks_takes(line: str) -> None:
    owner, member, by_place, by_name = taken(line)
    call = getattr(class_of(owner), member)
    given = [one for name, one in inspect.signature(call).parameters.items() if name != "self"]
    kinds = {one.kind for one in given}
    takes_more = inspect.Parameter.VAR_KEYWORD in kinds
    names = [one.name for one in given if not one.name.startswith("_")]

    assert takes_more or {*by_place, *by_name} <= {*names}
    if inspect.Parameter.VAR_POSITIONAL not in kinds and f"{owner}.{member}" not in OTHERWISE:
        known = [name for name in by_place if name in names]
        assert names[: len(known)] == known == by_place[: len(known)]
    if "**" in line:
        assert takes_more


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("objects")
    (folder / "train.py").write_text("")
    with contextlib.chdir(folder):
        ws = Workspace.create("objects")
        run = Experiment(ws, "e").start_logging(outputs=False)
        made: dict[str, Any] = {"Workspace": ws, "Experiment": run.experiment, "Run": run}
        made["Model"] = Model.register(ws, "train.py", "m")
        sizes = AmlCompute.provisioning_configuration(max_nodes=1)
        made["AmlComputeProvisioningConfiguration"] = sizes
        made["AmlCompute"] = made["ComputeTarget"] = ComputeTarget.create(ws, "cluster", sizes)
        made["AmlComputeStatus"] = made["AmlCompute"].get_status()
        made["ScaleSettings"] = sizes.scale_settings
        there = RemoteCompute.attach_configuration("me", address="localhost")
        made["RemoteComputeAttachConfiguration"] = there
        made["RemoteCompute"] = ComputeTarget.attach(ws, "machine", there)
        environment = Environment("e")
        made["Environment"] = environment
        made["PythonSection"], made["DockerSection"] = environment.python, environment.docker
        made["SparkSection"], made["DatabricksSection"] = environment.spark, environment.databricks
        made["DockerImageDetails"] = environment.get_image_details(ws)
        made["ScriptRunConfig"] = ScriptRunConfig(str(folder), "train.py")
        estimators: list[Any] = [TensorFlow, PyTorch, Chainer, Estimator, SKLearn]
        for kind in estimators:
            made[kind.__name__] = kind(str(folder), compute_target="local", entry_script="train.py")
        made["Tensorboard"] = Tensorboard([run])
        made["AzureMLTokenAuthentication"] = AzureMLTokenAuthentication("")
        made["RCranPackage"], made["RGitHubPackage"] = RCranPackage("p"), RGitHubPackage("p")
        made["EnvironmentReference"] = EnvironmentReference("e")
        made["SparkPackage"] = SparkPackage("g", "a", "v")
        for plain in (DockerBuildContext, DockerImagePlatform, ImageBuildDetails, RSection):
            made[plain.__name__] = plain()
        yield made
        run.complete()
        ws._service.recorder().close()
        ws._service.close()


@pytest.mark.parametrize("line", ATTRIBUTES)
def test_an_attribute_is_there(objects: dict[str, Any], line: str) -> None:
    owner, _, name = line.partition(".")
    one = objects[owner] if owner in objects else class_of(owner)()

    if isinstance(inspect.getattr_static(type(one), name, None), RefusedProperty):
        with pytest.raises(UserErrorException, match=r"There are no|There is no|get_log"):
            getattr(one, name)
    else:
        getattr(one, name)


def test_refused_calls_say_what_to_do(objects: dict[str, Any]) -> None:
    ws, model = objects["Workspace"], objects["Model"]
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: ws.delete(delete_dependent_resources=True), "rm -r /"),
        (lambda: ws.list_keys(), "no keys"),
        (lambda: ws.set_connection("n", "c", "t", "a", "v"), "environment variables"),
        (lambda: ws.add_private_endpoint(None, location="x"), "a workspace is a folder"),
        (lambda: Model.package(ws, [model], None), "nothing is deployed"),
        (lambda: model.package(ws, [model]), "nothing is deployed"),
        (lambda: Model.deploy(ws, "s", [model], None), "nothing is deployed"),
        (lambda: Model.profile(ws, "p", [model], None, None), "nothing is deployed"),
        (lambda: model.get_sas_urls(), "model.download"),
        (lambda: Experiment.from_directory("."), "Workspace.from_config"),
        (lambda: objects["RemoteCompute"].get_credentials(), "not kept"),
    ]
    for call, says in calls:
        with pytest.raises(AzureMLException, match=says):
            call()
    assert not hasattr(ws, "service_context")


def test_what_is_accepted(objects: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    ws = objects["Workspace"]
    assert Environment(workspace=ws, name="pytorch_env").name == "pytorch_env"
    assert type(objects["PythonSection"])(whatever=1).interpreter_path == "python"
    config = RunConfiguration()
    assert config.auto_prepare_environment is True
    config.auto_prepare_environment = False
    assert config.auto_prepare_environment is False
    assert "autoPrepare" not in repr(config)
    with pytest.raises(AttributeError, match="did you mean 'environment'"):
        config.enviroment = 1
    config.environment.docker.gpu_support = True  # type: ignore[misc]
    assert ws.update(image_build_compute="cpu-cluster") is ws
    assert not caplog.records
    ws.update(tags={"a": "b"})
    assert "has no name, description or tags" in caplog.text
    ws.sync_keys(no_wait=True)
    assert (ws.private_endpoints, ws.images, ws.list_connections()) == ({}, {}, {})


def test_a_model_by_its_framework(objects: dict[str, Any]) -> None:
    ws = objects["Workspace"]
    Model.register(ws, "train.py", "framed", model_framework="PyTorch")

    assert [one.name for one in Model.list(ws, model_framework="PyTorch")] == ["framed"]
    assert Model.list(ws, dataset_id="x") == []


def test_old_ways_to_attach_and_to_list(objects: dict[str, Any]) -> None:
    ws = objects["Workspace"]
    old = RemoteCompute.attach(ws, name="old", username="me", address="localhost", ssh_port=22)

    assert (old.name, old.vm_size, old.username) == ("old", "", "me")  # type: ignore[attr-defined]
    assert [*Run.list_by_compute(old)] == []
    assert Run.get_docs_url().startswith("https://")
