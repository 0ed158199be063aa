"""From the words of pip and conda to a frozen plan of an environment; nothing is installed here."""

from __future__ import annotations

import sys

from trackboard.errors import UsageError
from trackboard.model import EnvironmentPlan, EnvironmentRequest


def plan_environment(request: EnvironmentRequest) -> EnvironmentPlan:
    """Decide what a job's interpreter shall have.

    Raises:
        UsageError: What was asked for contradicts itself.
    """
    if request.pip_packages or request.conda_packages or request.python:
        raise UsageError("environments with packages are not built yet")
    return EnvironmentPlan(
        name=request.name,
        version=request.version,
        interpreter=request.interpreter or sys.executable,
        tensorflow_v1=request.tensorflow_v1,
    )
