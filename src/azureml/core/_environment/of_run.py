"""The environment that a job was given, as it was decided when the job was submitted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Dict

from azureml.core._environment.definition import definition_of
from azureml.core._environment.names import RegisteredEnvironments, spec_of
from azureml.core._environment.sections import PythonSection
from azureml.core._environment.spec import EnvironmentSpec
from azureml.core._settings.requirements import option_lines
from azureml.core.conda_dependencies import CondaDependencies

if TYPE_CHECKING:
    from trackboard.model import EnvironmentPlan

_PASSWORD = re.compile(r"(?<=://)[^/@\s:\"]*:[^/@\s\"]+(?=@)")


def environment_of(plan: EnvironmentPlan, registered: RegisteredEnvironments) -> EnvironmentSpec:
    """Return the environment of a job: the registered version, else what was decided to be installed.

    Args:
        plan: What was decided.
        registered: The environments of the job's workspace.
    """
    for one in registered.versions(plan.name) if plan.version else ():
        if one.version == plan.version:
            return spec_of(one)
    python = PythonSection()
    if plan.interpreter:
        python.user_managed_dependencies = True
        python.interpreter_path = plan.interpreter
    else:
        conda = CondaDependencies.create(pip_packages=())
        conda.set_python_version(plan.python or None)
        conda.set_pip_requirements([*plan.requirements, *option_lines(plan.options)])
        python.conda_dependencies = conda
    return EnvironmentSpec(plan.name, plan.version or None, python=python)


def describe_environment(
    plan: EnvironmentPlan, registered: RegisteredEnvironments
) -> Dict[str, Any]:
    """Return the definition of a job's environment, to be shown: passwords in addresses are masked."""
    definition = json.dumps(definition_of(environment_of(plan, registered)), default=str)
    return dict(json.loads(_PASSWORD.sub("***", definition)))
