"""Making what was planned, where the job runs.

A worker's start waits for this, so what finds and builds environments is loaded for a job that has one.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from trackboard.environments.home import cache_folder
from trackboard.environments.prepared import Prepared
from trackboard.environments.variables import python_path, variables_of_interpreter
from trackboard.errors import UsageError
from trackboard.model import EnvironmentPlan


def prepare_environment(
    plan: EnvironmentPlan,
    variables: Mapping[str, str],
    *,
    report: Callable[[str], None],
    is_canceled: Callable[[], bool],
    build_log: Callable[[str], None] = lambda _: None,
) -> Prepared | None:
    """Find or build the environment of a job; what is built is kept and shared by all jobs.

    Args:
        plan: What it shall have.
        variables: The job's variables, which may say where packages come from.
        report: Called with what the job's console says: what it came to, a few lines.
        is_canceled: Asked a few times a second; the build ends when it says so.
        build_log: Called with every line of a build.

    Returns:
        The interpreter, or None when it was canceled.

    Raises:
        UsageError: It cannot be built; the resolver's own words are in the message.
        Unavailable: There is no space, or no network.
    """
    folder = cache_folder(variables)
    if plan.interpreter:
        return _use_interpreter(plan, variables, folder)
    from trackboard.environments.built import find_or_build

    return find_or_build(
        plan, variables, folder, report=report, is_canceled=is_canceled, build_log=build_log
    )


def _use_interpreter(plan: EnvironmentPlan, variables: Mapping[str, str], folder: Path) -> Prepared:
    python = _find_interpreter(plan.interpreter, variables)
    is_ours = python == sys.executable
    found = variables_of_interpreter(python, variables)
    found |= python_path(folder, variables, with_ours=not is_ours, tensorflow_v1=plan.tensorflow_v1)
    return Prepared(python, found)


def _find_interpreter(named: str, variables: Mapping[str, str]) -> str:
    if named == sys.executable:
        return named
    found = shutil.which(os.path.expanduser(named), path=variables.get("PATH", os.defpath))
    if found is None:
        raise UsageError(
            f"there is no interpreter {named!r} here",
            hint="interpreter_path is the path of a Python on the machine that runs the job, or a"
            ' command on its PATH; "python" means the one that submits.',
        )
    return os.path.abspath(found)
