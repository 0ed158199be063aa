"""Making what was planned, where the job runs.

A worker's start waits for this, so what builds an environment is loaded when one must be built.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trackboard.environments.cache.environment_cache import EnvironmentCache, Lease, cache_folder
from trackboard.environments.cache.locks import Canceled
from trackboard.environments.packages.local_packages import fingerprint
from trackboard.environments.uv.pip_settings import read_pip_settings
from trackboard.environments.variables import (
    python_path,
    variables_of_interpreter,
    variables_of_venv,
)
from trackboard.errors import UsageError
from trackboard.model import EnvironmentPlan


@dataclass(frozen=True)
class Prepared:
    """An interpreter that is ready.

    Attributes:
        python: Its path.
        variables: What the job's processes need beside their own variables.
        lease: What keeps a built environment from being removed.
    """

    python: str
    variables: Mapping[str, str] = field(default_factory=dict)
    lease: Lease | None = None

    def release(self) -> None:
        """Let others remove it; the end of this process does so, too."""
        if self.lease is not None:
            self.lease.lock.close()


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
    cache = EnvironmentCache(folder)
    digest = _digest(plan, variables)
    lease = cache.take(digest, plan.name)
    if lease is None:
        from trackboard.environments.build import Builder

        builder = Builder(cache, plan, variables, log=build_log, is_canceled=is_canceled)
        try:
            lease = builder.build(digest)
        except Canceled:
            return None
    return _built(plan, variables, folder, lease, report)


def _built(
    plan: EnvironmentPlan,
    variables: Mapping[str, str],
    folder: Path,
    lease: Lease,
    report: Callable[[str], None],
) -> Prepared:
    about = lease.about
    for note in lease.notes:
        report(note)
    count = len(about.packages)
    report(f"environment {lease.key}: Python {about.python}, {count} package{'s' * (count != 1)}")
    found = variables_of_venv(lease.venv, variables)
    found |= python_path(folder, variables, with_ours=True, tensorflow_v1=plan.tensorflow_v1)
    return Prepared(str(lease.python), found, lease)


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


def _digest(plan: EnvironmentPlan, variables: Mapping[str, str]) -> str:
    """A name for everything that an environment depends on before it is resolved."""
    question = {
        "python": plan.python or f"{sys.implementation.cache_tag} {sys.base_prefix}",
        "machine": [sys.platform, os.uname().machine],
        "oldest_python": plan.oldest_python,
        "requirements": plan.requirements,
        "or_newer": plan.or_newer,
        "optional": plan.optional,
        "options": plan.options,
        "settings": read_pip_settings(variables),
        "uv": {name: v for name, v in variables.items() if name.startswith("UV_")},
        "local": fingerprint(plan.requirements),
    }
    text = json.dumps(question, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
