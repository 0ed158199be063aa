"""From the SDK's words on distributed jobs to the plan's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from azureml.core._jobs.run_sections import (
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from azureml.exceptions import RunConfigurationException
from trackboard.model import Distribution, Launcher

if TYPE_CHECKING:
    from azureml.core.runconfig import RunConfiguration

_MPI = ("mpi", "intelmpi", "openmpi")
_FRAMEWORKS = ("python", "pytorch", "tensorflow")
_KINDS = (
    "PyTorchConfiguration(process_count=2), TensorflowConfiguration(worker_count=2) or"
    " MpiConfiguration(process_count_per_node=2)"
)


def check_distributed(value: Any) -> None:
    """See whether that describes a distributed job.

    Raises:
        RunConfigurationException: It does not.
    """
    kinds = (
        MpiConfiguration,
        ParallelTaskConfiguration,
        PyTorchConfiguration,
        TensorflowConfiguration,
    )
    if not isinstance(value, kinds):
        raise RunConfigurationException(
            f"distributed_job_config={value!r} is {type(value).__name__}; write {_KINDS}."
        )


def set_distributed(config: RunConfiguration, value: Any) -> None:
    """Say in a configuration that its job is distributed, and how."""
    if isinstance(value, MpiConfiguration):
        config.framework, config.communicator, config.mpi = "Python", "IntelMpi", value
        config.node_count = value.node_count
    elif isinstance(value, PyTorchConfiguration):
        config.framework, config.pytorch = "PyTorch", value
        config.communicator = value.communication_backend.capitalize()
        config.node_count = value.node_count
    elif isinstance(value, TensorflowConfiguration):
        config.framework, config.tensorflow = "TensorFlow", value
        config.communicator = "ParameterServer"
        config.node_count = value.worker_count
    else:
        config.framework, config.communicator = "Python", "ParallelTask"
        config.paralleltask = value


def is_distributed(config: RunConfiguration) -> bool:
    """Whether a configuration says anything about more than one process."""
    return config.node_count != 1 or _word(config.communicator) != "none"


def distribution_of(config: RunConfiguration) -> Optional[Distribution]:
    """The processes that a configuration asks for; None: one.

    Raises:
        RunConfigurationException: It asks for what cannot be started here.
    """
    framework, communicator = _word(config.framework), _word(config.communicator)
    if framework not in _FRAMEWORKS:
        raise RunConfigurationException(
            f"framework={config.framework!r} cannot be run: there is no cluster of that kind. Use"
            " framework='Python', and start what it needs in the script (pyspark, for example, runs"
            " as a package of the environment)."
        )
    nodes = config.node_count
    if communicator == "none":
        if nodes > 1:
            raise RunConfigurationException(
                f"node_count={nodes}, but nothing says how the processes find each other. Pass"
                f" distributed_job_config: {_KINDS}."
            )
        return None
    if communicator in _MPI:
        processes = config.mpi.process_count_per_node * nodes
        return None if processes == 1 else Distribution(Launcher.MPI, processes, nodes)
    if communicator in ("nccl", "gloo"):
        processes = config.pytorch.process_count or nodes
        return _pytorch(processes, nodes, communicator)
    if communicator == "parameterserver":
        workers, servers = (
            config.tensorflow.worker_count,
            config.tensorflow.parameter_server_count,
        )
        return Distribution(
            Launcher.TENSORFLOW, workers + servers, nodes=workers, parameter_servers=servers
        )
    raise RunConfigurationException(
        f"communicator={config.communicator!r} cannot be used; there is Mpi, Nccl, Gloo and"
        " ParameterServer. Pass distributed_job_config, which sets it."
    )


def _pytorch(processes: int, nodes: int, backend: str) -> Distribution:
    if processes % nodes:
        raise RunConfigurationException(
            f"PyTorchConfiguration: process_count={processes} cannot be spread over node_count={nodes}"
            " nodes evenly. process_count is the number of all processes together."
        )
    return Distribution(Launcher.PYTORCH, processes, nodes, backend=backend)


def _word(value: Any) -> str:
    return str(value or "none").lower()
