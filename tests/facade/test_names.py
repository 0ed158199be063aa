"""Every name of the SDK that public code imports: it works, or its use refuses in words."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.waiting import PATIENCE_S

import azureml.core
from azureml import _finder
from azureml._names import ABSENT, HERE
from azureml.core import Experiment, Model, Workspace
from azureml.exceptions import AzureMLException, UserErrorException

ROOT = Path(__file__).parents[2]

# As scripts write it: the module, then names. Of the SDK's public surface and of public repositories.
WORK = """
azureml.core Workspace Experiment Run Environment ScriptRunConfig ComputeTarget ContainerRegistry Model
azureml.core RunConfiguration ScriptRun get_run VERSION __version__ run compute experiment authentication
azureml.core.authentication InteractiveLoginAuthentication ServicePrincipalAuthentication MsiAuthentication
azureml.core.authentication AzureCliAuthentication AuthenticationException TokenAuthentication
azureml.core.authentication ArmTokenAuthentication AbstractAuthentication AzureMLTokenAuthentication
azureml.core.compute ComputeTarget AmlCompute RemoteCompute HDInsightCompute ComputeTargetException
azureml.core.compute.amlcompute AmlCompute AmlComputeStatus
azureml.core.compute.compute ComputeTarget
azureml.core.compute_target ComputeTargetException ComputeTarget
azureml.core.conda_dependencies CondaDependencies
azureml.core.container_registry ContainerRegistry
azureml.core.environment Environment CondaDependencies PythonSection DockerSection
azureml.core.experiment Experiment Run ViewType Workspace
azureml.core.model Model Environment
azureml.core.resource_configuration ResourceConfiguration
azureml.core.run Run _OfflineRun get_run RunEnvironmentException
azureml.core.runconfig RunConfiguration CondaDependencies DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE
azureml.core.runconfig PyTorchConfiguration MpiConfiguration TensorflowConfiguration DockerConfiguration
azureml.core.runconfig EnvironmentDefinition Environment
azureml.core.script_run_config ScriptRunConfig
azureml.core.workspace Workspace ComputeTarget Experiment UserErrorException
azureml.contrib.tensorboard Tensorboard
azureml.contrib.tensorboard.export export_to_tensorboard
azureml.tensorboard Tensorboard
azureml.tensorboard.export export_to_tensorboard
azureml.train.dnn TensorFlow PyTorch Chainer Mpi Gloo Nccl ParameterServer
azureml.train.estimator Estimator Mpi
azureml.train.sklearn SKLearn
azureml.widgets RunDetails
azureml.widgets.run_details RunDetails
azureml.telemetry set_diagnostics_collection
azureml.exceptions UserErrorException ServiceException WebserviceException ComputeTargetException
azureml.exceptions._azureml_exception UserErrorException AzureMLException
azureml._common.exceptions AzureMLException
azureml._restclient.constants RunStatus
azureml._restclient.exceptions ServiceException
azureml._restclient.models ErrorResponseException
azureml._base_sdk_common user_agent
azureml._base_sdk_common.user_agent append
"""
REFUSE = """
azureml.core Dataset Datastore Keyvault Webservice Image LinkedService PrivateEndPoint diagnostic_log
azureml.core.dataset Dataset
azureml.core.datastore Datastore
azureml.core.keyvault Keyvault
azureml.core.workspace Dataset Datastore Webservice Keyvault
azureml.core.run Datastore Dataset
azureml.core.model InferenceConfig Dataset
azureml.core.webservice Webservice AciWebservice AksWebservice LocalWebservice AksEndpoint
azureml.core.webservice.aci AciServiceDeploymentConfiguration
azureml.core.image Image ContainerImage
azureml.core.image.container ContainerImageConfig
azureml.core.compute AksCompute DatabricksCompute ComputeInstance DataFactoryCompute AdlaCompute BatchCompute
azureml.core.compute KustoCompute SynapseCompute KubernetesCompute
azureml.core.compute.aks AksCompute
azureml.core.databricks PyPiLibrary MavenLibrary
azureml.core.runconfig PyPiLibrary JarLibrary Data DataLocation Dataset
azureml.core.linked_service LinkedService
azureml.data OutputFileDatasetConfig TabularDataset FileDataset
azureml.data.data_reference DataReference
azureml.data.datapath DataPath DataPathComputeBinding
azureml.data.dataset_consumption_config DatasetConsumptionConfig
azureml.data.output_dataset_config OutputFileDatasetConfig
azureml.pipeline.core Pipeline PipelineData PipelineParameter Schedule PublishedPipeline
azureml.pipeline.core PipelineRun StepSequence
azureml.pipeline.core.graph PipelineParameter
azureml.pipeline.core.schedule ScheduleRecurrence
azureml.pipeline.steps PythonScriptStep EstimatorStep ParallelRunStep ParallelRunConfig DatabricksStep
azureml.pipeline.steps AutoMLStep HyperDriveStep
azureml.contrib.pipeline.steps ParallelRunStep
azureml.train.hyperdrive HyperDriveConfig choice uniform loguniform normal PrimaryMetricGoal BanditPolicy
azureml.train.hyperdrive RandomParameterSampling GridParameterSampling BayesianParameterSampling
azureml.train.hyperdrive.runconfig HyperDriveConfig
azureml.train.hyperdrive.sampling RandomParameterSampling
azureml.train.hyperdrive.parameter_expressions choice
azureml.train.hyperdrive.run HyperDriveRun
azureml.train.hyperdrive.policy MedianStoppingPolicy
azureml.train.automl AutoMLConfig
azureml.train.automl.run AutoMLRun
azureml.automl.core.forecasting_parameters ForecastingParameters
azureml.interpret ExplanationClient
azureml.contrib.interpret.explanation.explanation_client ExplanationClient
azureml.contrib.fairness upload_dashboard_dictionary
azureml.contrib.services.aml_request rawhttp AMLRequest
azureml.contrib.train.rl ReinforcementLearningEstimator
azureml.train.rl WorkerConfiguration
azureml.datadrift DataDriftDetector
azureml.monitoring ModelDataCollector
azureml.mlflow register_model
azureml.dataprep read_csv
azureml.opendatasets MNIST NycTlcGreen
azureml._run_impl.run_watcher RunWatcher
azureml._restclient.run_client RunClient
"""


def rows(table: str) -> list[tuple[str, str]]:
    lines = [line.split() for line in table.strip().splitlines()]
    return [(module, name) for module, *names in lines for name in names]


def imported(module: str, name: str) -> Any:
    found: dict[str, Any] = {}
    exec(f"from {module} import {name} as found", found)
    return found["found"]


@pytest.mark.parametrize(("module", "name"), rows(WORK))
def test_names_that_work(module: str, name: str) -> None:
    found = imported(module, name)

    assert getattr(importlib.import_module(module), name) is found
    assert getattr(type(found), "_absence", None) is None
    assert not hasattr(found, "_absence")
    if name in HERE:
        there, name_there = HERE[name]
        assert found is getattr(importlib.import_module(there), name_there)


@pytest.mark.parametrize(("module", "name"), rows(REFUSE))
def test_names_whose_use_refuses(module: str, name: str) -> None:
    found = imported(module, name)

    assert getattr(importlib.import_module(module), name) is found
    uses: list[Callable[[], object]] = [lambda: found("a", b=1), lambda: found.get_by_name(1)]
    for use in uses:
        with pytest.raises(
            UserErrorException, match=rf"{name}.*: there are no .* here\. .*compati"
        ):
            use()
    assert not hasattr(found, "get_by_name")
    assert not isinstance(3, found)
    assert pickle.loads(pickle.dumps(found)) is found
    assert copy.deepcopy(found) is found
    assert (found | None) != found
    assert f".{name}'" in repr(found)
    assert found.__doc__.startswith("There are no ")


def test_a_name_is_the_same_in_all_modules() -> None:
    assert imported("azureml.core", "Dataset") is imported("azureml.core.dataset", "Dataset")
    assert azureml.core.dataset.Dataset is azureml.core.Dataset  # type: ignore[attr-defined]


def test_a_class_of_ones_own_refuses_when_it_is_made() -> None:
    step = imported("azureml.pipeline.steps", "PythonScriptStep")
    mine = type(step)("Mine", (step,), {"__init__": lambda _: None})

    with pytest.raises(UserErrorException, match="no pipelines here"):
        mine()


def test_exceptions_that_nobody_raises_can_be_caught() -> None:
    error = imported("azureml.train.automl.exceptions", "ConfigException")

    assert issubclass(error, AzureMLException)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("from azureml.core import Nonsense", "'Nonsense' from 'azureml.core'.*docs/compatibility"),
        ("from azureml.core import Worksapce", "did you mean 'Workspace'"),
        ("from azureml.core.run import Nonsense", "'azureml.core.run'.*docs/compatibility"),
        ("from azureml.core.compute import Nonsense", "'azureml.core.compute'.*docs/compat"),
        ("from azureml.core.authentication import Nonsense", "docs/compatibility"),
        ("from azureml.exceptions import Nonsense", "docs/compatibility"),
        ("from azureml.tensorboard import Nonsense", "docs/compatibility"),
        ("from azureml.train.dnn import Nonsense", "docs/compatibility"),
        ("from azureml.widgets import Nonsense", "docs/compatibility"),
        ("import azureml.nonsense", "No module named 'azureml.nonsense'.*docs/compatibility"),
        ("from azureml.nonsense.core import x", "No module named.*docs/compatibility"),
        ("import azureml.core.nonsense", "No module named.*docs/compatibility"),
        ("import azureml.core.compute.nonsense", "No module named.*docs/compatibility"),
        ("import azureml.train.nonsense", "No module named.*docs/compatibility"),
    ],
)
def test_names_that_the_sdk_never_had(line: str, says: str) -> None:
    with pytest.raises(ImportError, match=says):
        exec(line)


def test_asking_is_no_error() -> None:
    assert not hasattr(azureml.core, "Nonsense")
    assert getattr(azureml.core, "Nonsense", 3) == 3
    assert importlib.util.find_spec("azureml.nonsense") is None
    assert importlib.util.find_spec("azureml.core.nonsense") is None
    assert importlib.util.find_spec("azureml.core.run") is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        azureml.core.nonsense  # noqa: B018
    assert {"Workspace", "Run"} <= {*dir(azureml.core)}
    assert "Dataset" not in dir(azureml.core)
    assert "Pipeline" in dir(importlib.import_module("azureml.pipeline.core"))


def test_a_star_brings_what_a_module_is_known_for() -> None:
    found: dict[str, Any] = {}
    exec("from azureml.train.hyperdrive import *", found)

    assert {"choice", "HyperDriveConfig"} <= found.keys()


def test_modules_of_others_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rai").mkdir()
    (tmp_path / "rai" / "__init__.py").write_text("mine = 1")
    monkeypatch.setattr(azureml, "__path__", [*azureml.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "azureml.rai", raising=False)

    module: ModuleType = importlib.import_module("azureml.rai")

    assert module.mine == 1
    del sys.modules["azureml.rai"]


def test_every_absence_is_in_the_documents() -> None:
    said = (ROOT / "docs/compatibility.md").read_text("utf-8")

    for absence in ABSENT:
        assert f"| {absence.what} |" in said
        for module in absence.modules:
            top = ".".join(module.split(".")[:3]) if module.startswith("azureml.core") else module
            assert top in said or module.startswith("azureml._"), module


def test_what_is_here_is_where_the_table_says() -> None:
    for module, name in HERE.values():
        assert hasattr(importlib.import_module(module), name), (module, name)


def test_sign_in_and_resources_are_accepted(ws: Workspace, empty_folder: Path) -> None:
    auth = imported("azureml.core.authentication", "ServicePrincipalAuthentication")(
        tenant_id="t", service_principal_id="id", service_principal_password="secret"
    )
    assert "secret" not in repr(vars(auth))
    assert Workspace.from_config(auth=auth).name == ws.name
    assert auth.get_authentication_header() == {}
    with pytest.raises(AzureMLException, match="nobody gives tokens"):
        auth.get_token("scope")

    resources = imported("azureml.core.resource_configuration", "ResourceConfiguration")
    (empty_folder / "m.txt").write_text("m")
    model = Model.register(
        ws, "m.txt", "m", resource_configuration=resources(cpu=1, memory_in_gb=0.5)
    )
    assert model.version == 1


def test_the_words_for_states(ws: Workspace) -> None:
    states = imported("azureml._restclient.constants", "RunStatus")
    run = Experiment(ws, "e").start_logging(outputs=False)

    assert run.get_status() == states.RUNNING in states.get_running_statuses()
    assert states.COMPLETED not in states.get_running_statuses()
    assert states.FINALIZING in states.get_post_processing_statuses()


IN_A_BARE_JOB = """
from azureml.core import Run, Workspace, Dataset, Environment, Experiment, ScriptRunConfig, Model
from azureml.core.workspace import Workspace
from azureml.core.model import Model
from azureml.core.compute import ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.widgets import RunDetails
from azureml.train.dnn import TensorFlow
from azureml.tensorboard import Tensorboard
import azureml.core, azureml.core.run
from azureml.exceptions import UserErrorException
print(isinstance(3, azureml.core.run._OfflineRun), Run.__module__)
try:
    Workspace.from_config()
except UserErrorException as error:
    print(error)
"""


def test_a_job_without_our_packages_imports_everything(tmp_path: Path) -> None:
    """It needs only what its script uses; without it, a training ended at its first line."""
    answer = subprocess.run(
        [sys.executable, "-S", "-c", IN_A_BARE_JOB],
        env={"PYTHONPATH": str(ROOT / "src"), "TRACKBOARD_RUN_ID": "r"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    first, words = answer.stdout.splitlines()
    assert first == "False azureml.core.run"
    assert words.startswith("azureml.core.workspace.Workspace.from_config: there are no packages")
    assert "No module named 'numpy'" in words


def test_the_finders_are_asked_once() -> None:
    importlib.reload(azureml)

    assert sum(isinstance(one, _finder.NameFinder) for one in sys.meta_path) == 1
