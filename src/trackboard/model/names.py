"""What experiments, metrics and runs may be called, checked where a name enters."""

from __future__ import annotations

import re

from trackboard.errors import UsageError

_EXPERIMENT = re.compile(r"[A-Za-z0-9][\w-]{0,254}")
_NAME_LENGTH = 1024


def check_experiment_name(name: object) -> str:
    """Accept an experiment's name: 1 to 255 characters, first an ASCII letter or digit, then also _ and -.

    Source: the rule that the SDK really enforced (its documents said 3 to 36).

    Raises:
        UsageError: It breaks that rule.
    """
    if not isinstance(name, str) or not _EXPERIMENT.fullmatch(name):
        raise UsageError(
            f"experiment name {name!r} is not allowed",
            hint="Use 1 to 255 letters, digits, _ and -, starting with a letter or a digit,"
            f" for example {_suggest(name)!r}.",
        )
    return name


def check_metric_name(name: object) -> str:
    """Accept a metric's name: any text of 1 to 1,024 characters without control characters.

    Raises:
        UsageError: It is empty, too long, not text, or holds control characters.
    """
    if type(name) is str and 0 < len(name) <= _NAME_LENGTH and name.isprintable():
        return name
    if not isinstance(name, str):
        raise UsageError(
            f"metric name {name!r} is {type(name).__name__}, not text",
            hint='Call log("loss", 0.5): the name first, then the value.',
        )
    if not name or len(name) > _NAME_LENGTH:
        raise UsageError(
            f"metric name has {len(name)} characters", hint=f"Use 1 to {_NAME_LENGTH:,} characters."
        )
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in name):
        raise UsageError(
            f"metric name {name!r} holds control characters",
            hint="Leave out line breaks, tabs and other control characters.",
        )
    return name


def _suggest(name: object) -> str:
    return re.sub(r"[^\w-]+", "-", str(name)).strip("-_")[:255] or "my-experiment"
