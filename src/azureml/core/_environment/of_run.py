"""The environment that a job was given, as it was decided when the job was submitted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Dict

from azureml.core._environment.names import versions
from azureml.core._settings.requirements import option_lines
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import Environment

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace
    from trackboard.model import EnvironmentPlan

_PASSWORD = re.compile(r"(?<=://)[^/@\s:\"]*:[^/@\s\"]+(?=@)")


def environment_of(plan: EnvironmentPlan, workspace: Workspace) -> Environment:
    """The environment of a job: the registered version, else what was decided to be installed.

    Args:
        plan: What was decided.
        workspace: Where it may be registered.
    """
    for one in versions(workspace, plan.name) if plan.version else ():
        if one.version == plan.version:
            return Environment.get(workspace, plan.name, plan.version)
    made = Environment(plan.name)
    made.version = plan.version or None
    if plan.interpreter:
        made.python.user_managed_dependencies = True
        made.python.interpreter_path = plan.interpreter
        return made
    conda = CondaDependencies.create(pip_packages=())
    conda.set_python_version(plan.python or None)
    conda.set_pip_requirements([*plan.requirements, *option_lines(plan.options)])
    made.python.conda_dependencies = conda
    return made


def describe_environment(plan: EnvironmentPlan, workspace: Workspace) -> Dict[str, Any]:
    """The definition of a job's environment, to be shown: passwords in addresses are masked."""
    shown = _PASSWORD.sub("***", repr(environment_of(plan, workspace)))
    return dict(json.loads(shown))
