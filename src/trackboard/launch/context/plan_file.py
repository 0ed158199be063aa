"""Plans on the disk and on paper: `jobs/<run id>/plan.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from trackboard.errors import InternalError, NotFound, UsageError
from trackboard.layout import PRIVATE_FILE, JobPaths, is_own, make_folder, replace_file
from trackboard.layout.reading import read_text
from trackboard.model import Distribution, EnvironmentPlan, JobPlan, Launcher
from trackboard.record.command import mask_words

_FORMAT = 2
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
    return _PASSWORD.sub(f"://{MASK}@", json.dumps(fields, indent=2, default=_plain))


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


def encode_plan(plan: JobPlan) -> str:
    """A plan as JSON, values included (ASCII: undecodable bytes survive as escaped surrogates)."""
    return json.dumps({"format": _FORMAT, **asdict(plan)}, indent=1, default=_plain)


def decode_plan(text: str) -> JobPlan:
    """Read what `encode_plan` wrote.

    Raises:
        InternalError: It is not a plan of this version.
    """
    try:
        fields = json.loads(text)
        if fields.pop("format") != _FORMAT:
            raise InternalError(
                "the plan was written by another version of trackboard",
                hint="Submit the job again.",
            )
        together = fields["distribution"]
        if together is not None:
            launcher = Launcher(together["launcher"])
            fields["distribution"] = Distribution(**together | {"launcher": launcher})
        fields["environment"] = EnvironmentPlan(**_tuples(fields["environment"]))
        return JobPlan(**_tuples(fields))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise InternalError(f"the plan cannot be read: {exc!r}") from exc


def _plain(value: object) -> object:
    if isinstance(value, Launcher):
        return value.value
    raise TypeError(f"{value!r} has no place in a plan")


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only."""
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }


def save_plan(job: JobPaths, plan: JobPlan) -> None:
    """Keep a plan in its job's folder, for the owner's eyes only: it may hold secrets."""
    make_folder(job.folder)
    replace_file(job.plan, encode_plan(plan), mode=PRIVATE_FILE)


def is_own_plan(job: JobPaths) -> bool:
    """Whether a job is this user's to start: another's runs as that user, and never as this one.

    Args:
        job: The job's paths; without a plan there is nothing to protect.
    """
    try:
        return is_own(job.plan)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def load_plan(job: JobPaths) -> JobPlan:
    """Read the plan of a job.

    Raises:
        NotFound: There is none, or it is another user's.
        InternalError: It is damaged.
    """
    try:
        return decode_plan(read_text(job.plan, "plan"))
    except UsageError as exc:
        if isinstance(exc.__cause__, PermissionError):
            raise NotFound(f"{job.plan} is for its owner's eyes only") from exc
        raise InternalError(exc.message) from exc
