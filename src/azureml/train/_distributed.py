"""Several processes, as estimators are told about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple, Union

from azureml.core._jobs.run_sections import (
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
    count_of,
)
from azureml.exceptions import TrainingException
from azureml.train._parameters import Arguments

Distributed = Union[MpiConfiguration, PyTorchConfiguration, TensorflowConfiguration]


@dataclass(frozen=True)
class Mpi:
    """Processes that mpirun starts.

    Args:
        process_count_per_node: How many on each node.
    """

    process_count_per_node: int = 1


@dataclass(frozen=True)
class ParameterServer:
    """Workers and parameter servers of TensorFlow.

    Args:
        worker_count: Workers.
        parameter_server_count: Parameter servers.
    """

    worker_count: int = 1
    parameter_server_count: int = 1


@dataclass(frozen=True)
class Gloo:
    """Processes of PyTorch, one on each node, that speak by Gloo."""


@dataclass(frozen=True)
class Nccl:
    """Processes of PyTorch, one on each node, that speak by NCCL."""


# What each estimator takes, by the words of distributed_backend.
_KINDS: Mapping[str, Tuple[type, ...]] = {
    "mpi": (Mpi, MpiConfiguration),
    "ps": (ParameterServer, TensorflowConfiguration),
    "gloo": (Gloo, PyTorchConfiguration),
    "nccl": (Nccl, PyTorchConfiguration),
}
_WRITE = {
    "mpi": "MpiConfiguration(process_count_per_node=2)",
    "ps": "TensorflowConfiguration(worker_count=2)",
    "gloo": "Gloo()",
    "nccl": "Nccl()",
}
_COUNTS = ("node_count", "process_count_per_node", "worker_count", "parameter_server_count")


def find_distributed(
    owner: str, asked: Arguments, backends: Tuple[str, ...]
) -> Optional[Distributed]:
    """The processes that an estimator was asked for; None: one.

    Args:
        owner: The estimator's name, for messages.
        asked: Its arguments.
        backends: What it can do; nothing: it is never distributed.

    Raises:
        TrainingException: The arguments do not fit together.
        RunConfigurationException: A number is not allowed.
    """
    if not backends:
        return None
    for name in _COUNTS:
        count_of(owner, name)(getattr(asked, name))
    given = _given(owner, asked, backends)
    if given is None:
        more = asked.list_said(*_COUNTS)
        if more:
            raise TrainingException(
                f"{owner}: {more[0]}={getattr(asked, more[0])} needs distributed_training=, which says"
                f" how the processes find each other: {_list(backends)}."
            )
        return None
    if asked.node_count > 1 and asked.compute_target == "local":
        raise TrainingException(
            f"{owner}: node_count={asked.node_count} needs a cluster with as many slots, not 'local':"
            " AmlCompute.provisioning_configuration(max_nodes=...)."
        )
    return _configuration(given, asked)


def _given(owner: str, asked: Arguments, backends: Tuple[str, ...]) -> Any:
    given, backend = asked.distributed_training, asked.distributed_backend
    if given is not None and backend is not None:
        raise TrainingException(
            f"{owner} takes distributed_training= or distributed_backend=, not both."
        )
    if given is not None:
        if not isinstance(given, tuple(kind for word in backends for kind in _KINDS[word])):
            raise TrainingException(
                f"{owner}: distributed_training={given!r} is {type(given).__name__}; write"
                f" {_list(backends)}."
            )
        return given
    if backend is None:
        return None
    if str(backend).lower() not in backends:
        raise TrainingException(
            f"{owner}: distributed_backend={backend!r} is not supported; there is"
            f" {', '.join(map(repr, backends))}."
        )
    kinds = {
        "mpi": Mpi(asked.process_count_per_node),
        "ps": ParameterServer(asked.worker_count, asked.parameter_server_count),
        "gloo": Gloo(),
        "nccl": Nccl(),
    }
    return kinds[str(backend).lower()]


def _configuration(given: Any, asked: Arguments) -> Distributed:
    """The same in the words of ScriptRunConfig."""
    if isinstance(given, (Mpi, MpiConfiguration)):
        nodes = max(asked.node_count, getattr(given, "node_count", 1))
        return MpiConfiguration(given.process_count_per_node, nodes)
    if isinstance(given, ParameterServer):
        return TensorflowConfiguration(given.worker_count, given.parameter_server_count)
    if isinstance(given, (Gloo, Nccl)):
        return PyTorchConfiguration(type(given).__name__, node_count=asked.node_count)
    found: Distributed = given
    return found


def _list(backends: Tuple[str, ...]) -> str:
    return " or ".join(dict.fromkeys(_WRITE[word] for word in backends))
