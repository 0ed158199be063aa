"""Names of elsewhere that cannot be names here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trackboard.errors import UsageError
from trackboard.model import LIMITS, check_experiment_name

_NO_NAME = re.compile(r"[^\w-]+")
_SUFFIX_LENGTH = 32


def experiment_name(name: str) -> str:
    """The nearest name that an experiment may have: `a b` becomes `a-b`.

    >>> experiment_name("/Users/me@example.org/first try")
    'Users-me-example-org-first-try'
    """
    try:
        return check_experiment_name(name)
    except UsageError:
        found = _NO_NAME.sub("-", name).strip("-_")[: LIMITS["experiment name"] - _SUFFIX_LENGTH]
        return (
            found
            if found[:1].isascii() and found[:1].isalnum()
            else f"experiment-{found}".strip("-")
        )


def assign_experiments(names: Mapping[str, str]) -> dict[str, str]:
    """Names of experiments, each once; the later of two that would be called the same gets its id behind.

    Args:
        names: What they are called elsewhere, by their ids there, oldest first.
    """
    kept = {key: name for key, name in names.items() if experiment_name(name) == name}
    taken = set(kept.values())
    for key, name in names.items():
        if key in kept:
            continue
        found = experiment_name(name)
        if found in taken:
            found = f"{found}-{experiment_name(key)[:_SUFFIX_LENGTH]}"
        taken.add(found)
        kept[key] = found
    return kept
