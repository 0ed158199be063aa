"""`azureml.core`, answered by trackboard.

Names are imported when they are first used: a training script that asks for `Run` alone loads nothing
but the recording path, which needs the standard library only.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, List

from azureml import _guard as _guard
from azureml._finder import other_names

if TYPE_CHECKING:
    from azureml.core._run.offline import _offline_run as _offline_run
    from azureml.core._run.offline import _OfflineRun as _OfflineRun
    from azureml.core.compute import ComputeTarget
    from azureml.core.container_registry import ContainerRegistry
    from azureml.core.environment import Environment
    from azureml.core.experiment import Experiment
    from azureml.core.model import Model
    from azureml.core.run import Run, get_run
    from azureml.core.runconfig import RunConfiguration
    from azureml.core.script_run import ScriptRun
    from azureml.core.script_run_config import ScriptRunConfig
    from azureml.core.workspace import Workspace

VERSION = "1.61.0"  # the SDK release whose interface this answers to
__version__ = VERSION

_MODULES = {
    "ComputeTarget": "compute",
    "ContainerRegistry": "container_registry",
    "Environment": "environment",
    "Experiment": "experiment",
    "Model": "model",
    "Run": "run",
    "RunConfiguration": "runconfig",
    "ScriptRun": "script_run",
    "ScriptRunConfig": "script_run_config",
    "Workspace": "workspace",
    "_OfflineRun": "_run.offline",
    "_offline_run": "_run.offline",
    "get_run": "run",
}

__all__ = [
    "VERSION",
    "ComputeTarget",
    "ContainerRegistry",
    "Environment",
    "Experiment",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRun",
    "ScriptRunConfig",
    "Workspace",
    "get_run",
]


# After `import azureml.core`, user code goes on to `azureml.core.run.Run` and the like.
_SUBMODULES = (
    "authentication",
    "compute",
    "compute_target",
    "conda_dependencies",
    "databricks",
    "resource_configuration",
    *{*_MODULES.values()} - {"_run.offline"},
)
_find_other = other_names(__name__)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        value = getattr(importlib.import_module(f"azureml.core.{_MODULES[name]}"), name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f"azureml.core.{name}")
    else:
        return _find_other(name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
