"""Plans on the disk: `jobs/<run id>/plan.json`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from trackboard.errors import InternalError, NotFound, UsageError
from trackboard.layout import PRIVATE_FILE, JobPaths, is_own, make_folder, replace_file
from trackboard.layout.reading import read_text
from trackboard.model import Distribution, EnvironmentPlan, JobPlan, Launcher

_FORMAT = 2


def encode_plan(plan: JobPlan) -> str:
    """A plan as JSON, values included (ASCII: undecodable bytes survive as escaped surrogates)."""
    return json.dumps({"format": _FORMAT, **asdict(plan)}, indent=1, default=plain_value)


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


def plain_value(value: object) -> object:
    """Turn what JSON does not know into what it knows."""
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


def load_own_plan(job: JobPaths) -> JobPlan | None:
    """Read the plan of a job that is this user's to start; None: it is another user's.

    Raises:
        NotFound: There is none.
        InternalError: It is damaged.
    """
    return load_plan(job) if is_own_plan(job) else None


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
