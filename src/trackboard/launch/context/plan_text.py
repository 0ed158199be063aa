"""Plans on paper: as JSON and in lines for people, without what may be secret."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from trackboard.launch.context.plan_file import plain_value
from trackboard.model import EnvironmentPlan, JobPlan
from trackboard.record.command import mask_words

_OURS = ("AZUREML_", "TRACKBOARD_", "TENSORBOARD_LOGGING_DIR", "PYTHONUNBUFFERED")
_PASSWORD = re.compile(r"://[^/@\s\"']+@")
MASK = "***"  # printed instead of what may be secret


def describe(plan: JobPlan, files: Sequence[str]) -> str:
    """A plan for people: as JSON; variables' values, and secrets in arguments and addresses, masked.

    Args:
        plan: The plan.
        files: The paths of its snapshot. Variables that the job merely inherits are counted.
    """
    shown = [name for name in sorted(plan.variables) if _is_of_the_job(name, plan)]
    fields = asdict(plan) | {
        "script": mask_words(plan.script),
        "variables": dict.fromkeys(shown, MASK),
        "inherited_variables": len(plan.variables) - len(shown),
        "snapshot_files": list(files),
    }
    del fields["asked_variables"]  # they are among those that are shown
    return _PASSWORD.sub(f"://{MASK}@", json.dumps(fields, indent=2, default=plain_value))


def _is_of_the_job(name: str, plan: JobPlan) -> bool:
    """Whether a variable was asked for or is ours, rather than one of the client's."""
    return name in plan.asked_variables or name.startswith(_OURS)


def describe_environment(plan: EnvironmentPlan) -> str:
    """An environment for people, in one line and a line for each substitution."""
    name = f"{plan.name}:{plan.version}" if plan.version else plan.name
    needs = ", ".join(plan.requirements) or "no packages"
    python = f"Python {plan.python}, " if plan.python else ""
    what = plan.interpreter or python + needs
    lines = [f"{name}: {what}" if name else what, *plan.substitutions]
    return _PASSWORD.sub(f"://{MASK}@", "\n".join(lines))
