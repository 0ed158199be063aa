"""What a job's interpreter has installed: from what was asked for to an interpreter that has it."""

from trackboard.environments.plan import plan_environment
from trackboard.environments.prepare import Prepared, prepare_environment

__all__ = ["Prepared", "plan_environment", "prepare_environment"]
