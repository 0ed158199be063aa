"""`azureml.core.runconfig`: everything about how a job is run, in one object that files can keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Union

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core._jobs import run_config_files as _files
from azureml.core._jobs.checks import (
    arguments_of,
    command_of,
    environment_of,
    seconds_of,
    target_name,
    variables_of,
)
from azureml.core._jobs.run_sections import (
    AmlComputeConfiguration,
    DataReferenceConfiguration,
    DockerConfiguration,
    HdiConfiguration,
    HistoryConfiguration,
    KubernetesComputeConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    SparkConfiguration,
    TensorflowConfiguration,
    count_of,
)
from azureml.core._settings.sections import Checks, Section
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.container_registry import ContainerRegistry
from azureml.core.environment import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DockerEnvironment,
    DockerSection,
    Environment,
    PythonEnvironment,
    PythonSection,
    SparkEnvironment,
    SparkSection,
)
from azureml.exceptions import UserErrorException

__getattr__ = other_names(__name__)

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "AmlComputeConfiguration",
    "CondaDependencies",
    "ContainerRegistry",
    "DataReferenceConfiguration",
    "DockerConfiguration",
    "DockerEnvironment",
    "DockerSection",
    "Environment",
    "HdiConfiguration",
    "HistoryConfiguration",
    "KubernetesComputeConfiguration",
    "MpiConfiguration",
    "ParallelTaskConfiguration",
    "PyTorchConfiguration",
    "PythonEnvironment",
    "PythonSection",
    "RunConfiguration",
    "SparkConfiguration",
    "SparkEnvironment",
    "SparkSection",
    "TensorflowConfiguration",
]


def _docker_of(value: Any) -> DockerConfiguration:
    if value is None:
        return DockerConfiguration()
    if not isinstance(value, DockerConfiguration):
        raise UserErrorException(
            f"docker={value!r} is {type(value).__name__}; write DockerConfiguration(use_docker=True)."
        )
    return value


@dataclass(init=False, repr=False)
class RunConfiguration(Section):
    """How a job is run. Assigning an attribute that there is not is an error that names the nearest.

    Args:
        script: The script's path in the source folder.
        arguments: Its arguments, a list or one text.
        framework: `Python`, `PyTorch` or `TensorFlow`; matters to distributed jobs only.
        communicator: Who starts the processes of a distributed job: `None`, `Mpi`, `Nccl`, `Gloo`,
            `ParameterServer`. `ScriptRunConfig(distributed_job_config=...)` sets it.
        conda_dependencies: What the environment shall have installed.
        command: Instead of a script: a line for a shell, or a list of its words.

    Attributes:
        target: The name of the compute target; a compute target may be assigned.
        environment: The environment.
        environment_variables: Variables of the job; they win over those of the environment.
        node_count: Nodes of a distributed job.
        max_run_duration_seconds: When the job is ended; None: no limit of its own.
        mpi: How many processes; likewise `pytorch` and `tensorflow`.
        docker: Accepted, like all that is not named here.
        data: There are no datasets and datastores yet: what is in here, in `data_references` or in
            `output_data`, is an error when the job is submitted.

    Raises:
        UserErrorException: A value is of the wrong type.
    """

    checks: ClassVar[Checks] = {
        "arguments": arguments_of,
        "command": command_of,
        "docker": _docker_of,
        "environment": environment_of,
        "environment_variables": variables_of,
        "max_run_duration_seconds": seconds_of,
        "node_count": count_of("RunConfiguration", "node_count"),
        "target": target_name,
    }

    accepted: ClassVar[Mapping[str, Any]] = {
        "auto_prepare_environment": True,
        "auto_cluster_compute_specification": None,
    }

    script: Optional[str]
    arguments: Any
    command: Any
    target: Any
    framework: str
    communicator: str
    node_count: int
    priority: Optional[int]
    max_run_duration_seconds: Optional[float]
    environment: Environment
    environment_variables: Dict[str, str]
    docker: DockerConfiguration
    history: HistoryConfiguration
    spark: SparkConfiguration
    hdi: HdiConfiguration
    tensorflow: TensorflowConfiguration
    mpi: MpiConfiguration
    pytorch: PyTorchConfiguration
    paralleltask: ParallelTaskConfiguration
    data: Dict[str, Any]
    data_references: Dict[str, Any]
    output_data: Dict[str, Any]
    datacaches: List[Any]
    services: Dict[str, Any]
    amlcompute: AmlComputeConfiguration
    kubernetescompute: KubernetesComputeConfiguration
    source_directory_data_store: Optional[str]
    credential_passthrough: bool

    def __init__(
        self,
        script: Optional[str] = None,
        arguments: Union[str, List[Any], None] = None,
        framework: Optional[str] = None,
        communicator: Optional[str] = None,
        conda_dependencies: Optional[CondaDependencies] = None,
        command: Union[str, List[Any], None] = None,
        **kwargs: Any,
    ) -> None:
        self.script = script
        self.arguments = [] if arguments is None else arguments
        self.command = command
        self.target = "local"
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.node_count = 1
        self.priority = None
        self.max_run_duration_seconds = None
        self.environment = Environment("default-environment")
        self.environment_variables = {}
        self.source_directory_data_store = None
        self.credential_passthrough = False
        self._add_sections()
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies

    def _add_sections(self) -> None:
        self.docker = DockerConfiguration()
        self.history = HistoryConfiguration()
        self.spark = SparkConfiguration()
        self.hdi = HdiConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.paralleltask = ParallelTaskConfiguration()
        self.data = {}
        self.data_references = {}
        self.output_data = {}
        self.datacaches = []
        self.services = {}
        self.amlcompute = AmlComputeConfiguration()
        self.kubernetescompute = KubernetesComputeConfiguration()

    def save(
        self,
        path: Optional[str] = None,
        name: Optional[str] = None,
        separate_environment_yaml: bool = False,
    ) -> None:
        """Write it as YAML: `<path>/.azureml/<name>.runconfig` and what conda shall install beside it.

        Args:
            path: A folder, made when it is missing; None: the current one. Without a name it may be
                the file itself, ending in .runconfig, .yml or .yaml.
            name: None: `default`.
            separate_environment_yaml: Also the environment in a file of its own.

        Raises:
            UserErrorException: It cannot be written.
        """
        conda = self.environment.python.conda_dependencies
        _files.save(self, conda, path, name, separate=separate_environment_yaml)

    @staticmethod
    def load(path: str, name: Optional[str] = None) -> RunConfiguration:
        """Read what `save` wrote, or what the SDK did.

        Args:
            path: The folder that was given to `save`, or the file itself.
            name: Which one; None: the only one there is.

        Raises:
            UserErrorException: There is none, it is not the only one, or it cannot be read.
        """
        config = RunConfiguration()
        environment = _files.load(config, path, name)
        if environment is not None:
            config.environment = environment
        return config

    @staticmethod
    def delete(path: str, name: Optional[str] = None) -> None:
        """Delete the file of a configuration; the environment's files stay, others may use them.

        Raises:
            UserErrorException: There is none.
        """
        _files.delete(path, name)
