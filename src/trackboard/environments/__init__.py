"""What a job's interpreter has installed: from what was asked for to an interpreter that has it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trackboard.environments.cache.inventory import (
        KeptEnvironment,
        list_environments,
        remove_environment,
    )
    from trackboard.environments.packages.conda import read_conda, read_conda_file
    from trackboard.environments.packages.curated import Curated, find_curated, list_curated
    from trackboard.environments.packages.requirements import read_requirements
    from trackboard.environments.plan import plan_environment
    from trackboard.environments.prepare import Prepared, prepare_environment

__all__ = [
    "Curated",
    "KeptEnvironment",
    "Prepared",
    "find_curated",
    "list_curated",
    "list_environments",
    "plan_environment",
    "prepare_environment",
    "read_conda",
    "read_conda_file",
    "read_requirements",
    "remove_environment",
]

_PLACES = {  # loaded when it is first used: a job's start needs `prepare` only, and waits for it
    "Curated": "packages.curated",
    "KeptEnvironment": "cache.inventory",
    "Prepared": "prepare",
    "find_curated": "packages.curated",
    "list_curated": "packages.curated",
    "list_environments": "cache.inventory",
    "plan_environment": "plan",
    "prepare_environment": "prepare",
    "read_conda": "packages.conda",
    "read_conda_file": "packages.conda",
    "read_requirements": "packages.requirements",
    "remove_environment": "cache.inventory",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
