"""`python` in a job means the job's interpreter, in a shell's command as in a script's subprocess."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping

from trackboard.environments import Prepared
from trackboard.layout import JobPaths, make_folder, replace_file
from trackboard.model import JobPlan

_NAMES = ("python", "python3")


def make_command(
    plan: JobPlan, prepared: Prepared, job: JobPaths
) -> tuple[tuple[str, ...], dict[str, str]]:
    """What each process of a job runs, and with which variables.

    Args:
        plan: The job.
        prepared: Its interpreter.
        job: The paths of the job.
    """
    argv = ("/bin/sh", "-c", plan.command) if plan.command else (prepared.python, *plan.script)
    variables = {**plan.variables, **prepared.variables}
    return argv, with_interpreter(prepared.python, variables, job)


def with_interpreter(python: str, variables: Mapping[str, str], job: JobPaths) -> dict[str, str]:
    """See that the job's PATH leads to its interpreter, also where that has another name.

    Args:
        python: The interpreter.
        variables: The job's; its folder is on their PATH already, where it has one of the names.
        job: The paths of the job. The names that are missing are made in it, as programs: a link would not
            do, as an interpreter finds its packages by the place it is started from.
    """
    path = variables.get("PATH", os.defpath)
    missing = [name for name in _NAMES if not _is_same(shutil.which(name, path=path), python)]
    if not missing:
        return dict(variables)
    names = job.commands
    make_folder(names)
    for name in missing:
        text = f'#!/bin/sh\nexec {shlex.quote(python)} "$@"\n'
        replace_file(names / name, text, mode=0o777)
    return {**variables, "PATH": f"{names}{os.pathsep}{path}"}


def _is_same(found: str | None, python: str) -> bool:
    """Whether both are one interpreter: virtual environments share theirs, in folders of their own."""
    if found is None:
        return False
    same_folder = os.path.dirname(os.path.abspath(found)) == os.path.dirname(
        os.path.abspath(python)
    )
    return same_folder and os.path.realpath(found) == os.path.realpath(python)
