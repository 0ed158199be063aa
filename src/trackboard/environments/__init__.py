"""What a job's interpreter has installed: from what was asked for to an interpreter that has it."""

from trackboard.environments.conda import read_conda_file
from trackboard.environments.curated import Curated, find_curated, list_curated
from trackboard.environments.plan import plan_environment
from trackboard.environments.prepare import Prepared, prepare_environment
from trackboard.environments.requirements import read_requirements

__all__ = [
    "Curated",
    "Prepared",
    "find_curated",
    "list_curated",
    "plan_environment",
    "prepare_environment",
    "read_conda_file",
    "read_requirements",
]
