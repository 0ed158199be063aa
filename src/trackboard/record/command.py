"""The command line of this process, fit to be shown: values that look like secrets are masked."""

from __future__ import annotations

import re
import shlex
import sys
from typing import List, Optional, Sequence

MASK = "***"

_SECRET = frozenset(
    """
    password passwd passphrase pass pwd pw secret secrets token credential credentials key apikey sas
    auth authorization bearer
    """.split()  # noqa: SIM905 - reads better than fifteen quotes
)
_PART = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")


def command_line(words: Optional[Sequence[str]] = None) -> str:
    """The command as it could be typed into a shell, secrets masked.

    Args:
        words: Instead of this process's own `sys.argv`.

    >>> command_line(["train.py", "--lr", "0.1", "--api-key", "abc", "db_password=xyz"])
    "train.py --lr 0.1 --api-key '***' 'db_password=***'"
    """
    given = getattr(sys, "argv", []) if words is None else words
    return shlex.join(mask_words([str(word) for word in given]))


def mask_words(words: Sequence[str]) -> List[str]:
    """The words of a command line with secret values replaced.

    A value is secret after an option, or before it a `name=`, one of whose parts is a word such as
    password, token or key; and the user's part of a URL is. Rather one too many than one too few.
    """
    masked: List[str] = []
    is_due = False  # the word before asks for a secret
    for word in words:
        name, equals, value = word.partition("=")
        is_option = word.startswith("-") and len(word) > 1
        if is_due and not word.startswith("--"):
            masked.append(MASK)
            is_due = False
            continue
        if equals and value and _is_secret(name):
            masked.append(f"{name}={MASK}")
        else:
            masked.append(_IN_URL.sub(f"{MASK}@", word))
        is_due = is_option and not equals and _is_secret(name)
    return masked


def _is_secret(name: str) -> bool:
    return any(part.lower().rstrip("0123456789") in _SECRET for part in _PART.findall(name))
