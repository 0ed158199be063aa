"""An environment of its own for a job: one that was built for the same question before, or a new one."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from trackboard.environments.cache.environment_cache import EnvironmentCache, Lease
from trackboard.environments.cache.locks import Canceled
from trackboard.environments.packages.local_packages import fingerprint
from trackboard.environments.prepared import Prepared
from trackboard.environments.uv.pip_settings import read_pip_settings
from trackboard.environments.variables import python_path, variables_of_venv
from trackboard.model import EnvironmentPlan


def find_or_build(
    plan: EnvironmentPlan,
    variables: Mapping[str, str],
    folder: Path,
    *,
    report: Callable[[str], None],
    is_canceled: Callable[[], bool],
    build_log: Callable[[str], None],
) -> Prepared | None:
    """Find or build an environment in a cache; the arguments are those of `prepare_environment`.

    Args:
        plan: What it shall have.
        variables: The job's variables.
        folder: The cache.
        report: Called with what the job's console says.
        is_canceled: Asked a few times a second.
        build_log: Called with every line of a build.

    Returns:
        Its interpreter, or None when it was canceled.

    Raises:
        UsageError: It cannot be built; the resolver's own words are in the message.
        Unavailable: There is no space, or no network.
    """
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
