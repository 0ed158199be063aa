"""What a job's interpreter has installed: from what was asked for to an interpreter that has it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trackboard.environments.conda import read_conda, read_conda_file
    from trackboard.environments.curated import Curated, find_curated, list_curated
    from trackboard.environments.kept import (
        KeptEnvironment,
        list_environments,
        remove_environment,
    )
    from trackboard.environments.plan import plan_environment
    from trackboard.environments.prepare import Prepared, prepare_environment
    from trackboard.environments.requirements import read_requirements

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
    "Curated": "curated",
    "KeptEnvironment": "kept",
    "Prepared": "prepare",
    "find_curated": "curated",
    "list_curated": "curated",
    "list_environments": "kept",
    "plan_environment": "plan",
    "prepare_environment": "prepare",
    "read_conda": "conda",
    "read_conda_file": "conda",
    "read_requirements": "requirements",
    "remove_environment": "kept",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
