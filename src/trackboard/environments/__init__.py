"""What a job's interpreter has installed: from what was asked for to an interpreter that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

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
    from trackboard.environments.prepare import prepare_environment
    from trackboard.environments.prepared import Prepared
else:
    __getattr__ = lazy_names(  # a job's start needs `prepare` only, and waits for it
        __name__,
        {
            "cache.inventory": ("KeptEnvironment", "list_environments", "remove_environment"),
            "packages.conda": ("read_conda", "read_conda_file"),
            "packages.curated": ("Curated", "find_curated", "list_curated"),
            "packages.requirements": ("read_requirements",),
            "plan": ("plan_environment",),
            "prepare": ("prepare_environment",),
            "prepared": ("Prepared",),
        },
    )

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
