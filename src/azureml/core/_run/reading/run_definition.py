"""What was submitted, under the SDK's keys; values that may be secret are masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from azureml.core._environment.names import RegisteredEnvironments
from azureml.core._environment.of_run import describe_environment
from trackboard.model import Launcher
from trackboard.record.command import mask_words

if TYPE_CHECKING:
    from trackboard.model import Distribution, JobPlan

_MASK = "***"


def definition_of(plan: JobPlan, registered: RegisteredEnvironments) -> Dict[str, Any]:
    """The definition of a job's run, as `get_details()["runDefinition"]` has it."""
    together = plan.distribution
    return {
        "script": plan.script[0] if plan.script else None,
        "command": plan.command,
        "arguments": mask_words(list(plan.script[1:])),
        "framework": _framework(together),
        "communicator": _communicator(together),
        "target": plan.compute,
        "nodeCount": plan.nodes,
        "maxRunDurationSeconds": plan.max_duration_s,
        "environment": describe_environment(plan.environment, registered),
        "environmentVariables": dict.fromkeys(plan.asked_variables, _MASK),
        "history": {
            "outputCollection": True,
            "snapshotProject": True,
            "directoriesToWatch": ["logs"],
        },
        "docker": {"useDocker": False},
        "dataReferences": {},
        "data": {},
        "outputData": {},
        "pyTorch": _pytorch(together),
        "tensorflow": _tensorflow(together),
        "mpi": _mpi(together),
    }


def _framework(together: Distribution | None) -> str:
    names = {Launcher.PYTORCH: "PyTorch", Launcher.TENSORFLOW: "TensorFlow"}
    return "Python" if together is None else names.get(together.launcher, "Python")


def _communicator(together: Distribution | None) -> str:
    if together is None:
        return "None"
    if together.launcher is Launcher.PYTORCH:
        return together.backend.capitalize() or "Nccl"
    return "ParameterServer" if together.launcher is Launcher.TENSORFLOW else "IntelMpi"


def _pytorch(together: Distribution | None) -> Dict[str, Any]:
    is_it = together is not None and together.launcher is Launcher.PYTORCH
    return {
        "communicationBackend": together.backend if is_it and together else None,
        "processCount": together.processes if is_it and together else None,
    }


def _tensorflow(together: Distribution | None) -> Dict[str, Any]:
    if together is None or together.launcher is not Launcher.TENSORFLOW:
        return {"workerCount": 1, "parameterServerCount": 1}
    servers = together.parameter_servers
    return {"workerCount": together.processes - servers, "parameterServerCount": servers}


def _mpi(together: Distribution | None) -> Dict[str, Any]:
    if together is None or together.launcher is not Launcher.MPI:
        return {"processCountPerNode": 1}
    return {"processCountPerNode": together.processes // together.nodes}
