"""The parts of a run's configuration: who starts its processes, what is kept, where it runs.

A docstring says what has an effect here; *Accepted* is what is kept, shown, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, ClassVar, Dict, List, Optional

from azureml.core._settings.sections import Checks, Section
from azureml.exceptions import RunConfigurationException

_BACKENDS = ("nccl", "gloo")


def count_of(
    owner: str, name: str, *, least: int = 1, optional: bool = False
) -> Callable[[Any], Any]:
    """What checks a number of processes or nodes; it raises RunConfigurationException."""

    def check(value: Any) -> Any:
        if value is None and optional:
            return value
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise RunConfigurationException(
                f"{owner}: {name}={value!r} is not allowed; it must be a whole number from {least} on."
            )
        return value

    return check


def _backend_of(value: Any) -> str:
    if str(value).lower() not in _BACKENDS:
        raise RunConfigurationException(
            f"PyTorchConfiguration: communication_backend={value!r} is not allowed; use 'Gloo' (CPU) or"
            " 'Nccl' (GPU)."
        )
    return str(value).lower()


@dataclass(init=False, repr=False)
class DockerConfiguration(Section):
    """Accepted: jobs run in virtual environments, not in containers.

    Args:
        use_docker: Whether the job wants a container; with True, its log says that there is none.
        shared_volumes: Accepted.
        arguments: Accepted. Each instance has a list of its own.
        shm_size: Accepted.
    """

    use_docker: bool
    shared_volumes: bool
    arguments: List[str]
    shm_size: Optional[str]

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: Optional[List[str]] = None,
        shm_size: Optional[str] = "2g",
    ) -> None:
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = [*(arguments or ())]
        self.shm_size = shm_size


@dataclass(init=False, repr=False)
class MpiConfiguration(Section):
    """Processes that mpirun starts.

    Args:
        process_count_per_node: How many on each node.
        node_count: How many nodes; each is a slot of the cluster.

    Raises:
        RunConfigurationException: A number is not allowed.
    """

    checks: ClassVar[Checks] = {
        "process_count_per_node": count_of("MpiConfiguration", "process_count_per_node"),
        "node_count": count_of("MpiConfiguration", "node_count"),
    }
    process_count_per_node: int
    node_count: int

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count


@dataclass(init=False, repr=False)
class PyTorchConfiguration(Section):
    """Processes of `torch.distributed`, which find each other by MASTER_ADDR, RANK, WORLD_SIZE.

    Args:
        communication_backend: `Nccl` or `Gloo`; what counts is what the script itself asks for.
        process_count: All processes together; None: one per node.
        node_count: How many nodes; each is a slot of the cluster.

    Raises:
        RunConfigurationException: The backend or a number is not allowed.
    """

    checks: ClassVar[Checks] = {
        "communication_backend": _backend_of,
        "process_count": count_of("PyTorchConfiguration", "process_count", optional=True),
        "node_count": count_of("PyTorchConfiguration", "node_count"),
    }
    communication_backend: str
    process_count: Optional[int]
    node_count: int

    def __init__(
        self,
        communication_backend: str = "Nccl",
        process_count: Optional[int] = None,
        node_count: int = 1,
    ) -> None:
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count


@dataclass(init=False, repr=False)
class TensorflowConfiguration(Section):
    """Processes of TensorFlow, which find each other by TF_CONFIG.

    Args:
        worker_count: Workers.
        parameter_server_count: Parameter servers beside them.

    Raises:
        RunConfigurationException: A number is not allowed.
    """

    checks: ClassVar[Checks] = {
        "worker_count": count_of("TensorflowConfiguration", "worker_count"),
        "parameter_server_count": count_of(
            "TensorflowConfiguration", "parameter_server_count", least=0
        ),
    }
    worker_count: int
    parameter_server_count: int

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count


@dataclass(repr=False)
class ParallelTaskConfiguration(Section):
    """Kept and shown; a job with it is refused when it is submitted.

    Args:
        max_retries_per_worker: Not used.
        worker_count_per_node: Not used.
        terminal_exit_codes: Not used.
        configuration: Not used.
    """

    max_retries_per_worker: int = 0
    worker_count_per_node: int = 1
    terminal_exit_codes: Optional[List[int]] = None
    configuration: Dict[str, Any] = field(default_factory=dict)


@dataclass(repr=False)
class HistoryConfiguration(Section):
    """Accepted: outputs, the snapshot and the logs are kept in any case."""

    output_collection: bool = True
    snapshot_project: bool = True
    directories_to_watch: List[str] = field(default_factory=lambda: ["logs"])


@dataclass(repr=False)
class SparkConfiguration(Section):
    """Accepted: there is no Spark cluster."""

    configuration: Dict[str, Any] = field(default_factory=dict)


@dataclass(repr=False)
class HdiConfiguration(Section):
    """Accepted: there is no HDInsight cluster."""

    yarn_deploy_mode: str = "cluster"


@dataclass(repr=False)
class AmlComputeConfiguration(Section):
    """Accepted: a target `amlcompute`, made for one job, is this machine."""

    vm_size: Optional[str] = None
    vm_priority: Optional[str] = None
    name: Optional[str] = None
    location: Optional[str] = None
    retain_cluster: bool = False
    cluster_max_node_count: int = 1


@dataclass(repr=False)
class KubernetesComputeConfiguration(Section):
    """Accepted: there is no Kubernetes cluster."""

    instance_type: Optional[str] = None


@dataclass(repr=False)
class DataReferenceConfiguration(Section):
    """Kept and shown; a job with it is refused when it is submitted, as there are no datastores."""

    datastore_name: Optional[str] = None
    mode: str = "mount"
    path_on_datastore: Optional[str] = None
    path_on_compute: Optional[str] = None
    overwrite: bool = False
