"""Making what was planned, where the job runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trackboard.model import EnvironmentPlan


@dataclass(frozen=True)
class Prepared:
    """An interpreter that is ready.

    Attributes:
        python: Its path.
        variables: What the job's processes need beside their own variables.
    """

    python: str
    variables: Mapping[str, str] = field(default_factory=dict)


def prepare_environment(
    plan: EnvironmentPlan,
    variables: Mapping[str, str],
    *,
    report: Callable[[str], None],
    is_canceled: Callable[[], bool],
) -> Prepared | None:
    """Find or build the environment of a job; what is built is kept and shared by all jobs.

    Args:
        plan: What it shall have.
        variables: The job's variables, which may say where packages come from.
        report: Called with each line that is worth keeping.
        is_canceled: Asked a few times a second; the build ends when it says so.

    Returns:
        The interpreter, or None when it was canceled.

    Raises:
        UsageError: It cannot be built; the resolver's own words are in the message.
        Unavailable: There is no space, or no network.
    """
    del variables, report, is_canceled
    return Prepared(plan.interpreter)
