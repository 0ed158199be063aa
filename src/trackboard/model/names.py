"""What experiments, metrics and runs may be called, and how long names may be; checked where they enter.

Values (of a tag, a property, a parameter, a logged text) have no limit but the size of a record.
"""

from __future__ import annotations

import re
from typing import Mapping

from trackboard.errors import UsageError

LIMITS: Mapping[str, int] = {  # characters
    "experiment name": 255,
    "run id": 256,
    "run name": 65_536,
    "metric name": 1_024,  # as people give it, and of a table
    "series name": 2_048,  # as it is stored: a rank of a job puts `rank<n>/` before it
    "parameter name": 1_024,
    "tag key": 65_536,
    "property key": 65_536,
    "file path": 65_536,
    "blob key": 65_536,
    "text": 16 << 20,  # a description, a cause, a value that is text
}
SNAPSHOT_ID = (
    "ContentSnapshotId"  # the property that says which snapshot is a run's, as the SDK calls it
)
_EXPERIMENT = r"[A-Za-z0-9][\w-]*"


def check_length(what: str, text: str) -> str:
    """Accept a text that is not longer than its limit.

    Args:
        what: One of `LIMITS`.
        text: Any text.

    Raises:
        UsageError: The text has more characters.
    """
    if len(text) > LIMITS[what]:
        raise UsageError(
            f"the {what} {text[:40]!r}... has {len(text):,} characters",
            hint=f"Use at most {LIMITS[what]:,} characters.",
        )
    return text


def check_experiment_name(name: object) -> str:
    """Accept an experiment's name: 1 to 255 characters, first an ASCII letter or digit, then also _ and -.

    Source: the rule that the SDK really enforced (its documents said 3 to 36).

    Raises:
        UsageError: It breaks that rule.
    """
    limit = LIMITS["experiment name"]
    if not isinstance(name, str) or len(name) > limit or not re.fullmatch(_EXPERIMENT, name):
        raise UsageError(
            f"experiment name {name!r} is not allowed",
            hint=f"Use 1 to {limit} letters, digits, _ and -, starting with a letter or a digit,"
            f" for example {_suggest(name)!r}.",
        )
    return name


def check_metric_name(name: object) -> str:
    """Accept a metric's name: any text of 1 to 1,024 characters without control characters.

    Raises:
        UsageError: It is empty, too long, not text, or holds control characters.
    """
    limit = LIMITS["metric name"]
    if type(name) is str and 0 < len(name) <= limit and name.isprintable():
        return name
    if not isinstance(name, str):
        raise UsageError(
            f"metric name {name!r} is {type(name).__name__}, not text",
            hint='Call log("loss", 0.5): the name first, then the value.',
        )
    if not name or len(name) > limit:
        raise UsageError(
            f"metric name has {len(name)} characters", hint=f"Use 1 to {limit:,} characters."
        )
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in name):
        raise UsageError(
            f"metric name {name!r} holds control characters",
            hint="Leave out line breaks, tabs and other control characters.",
        )
    return name


def _suggest(name: object) -> str:
    return (
        re.sub(r"[^\w-]+", "-", str(name)).strip("-_")[: LIMITS["experiment name"]]
        or "my-experiment"
    )
