"""The one check of all settings: every key is known, and has a value of its type."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from trackboard.errors import UsageError

NUMBER = (int, float)  # a type: either of them
_WORDS = {
    int: "a whole number",
    str: "text",
    bool: "true or false",
    dict: "a table",
    list: "a list",
    NUMBER: "a number",
}


def check_keys(
    where: str,
    content: Mapping[str, Any],
    types: Mapping[str, object],
    *,
    also_known: Collection[str] = (),
) -> None:
    """Refuse what is not known, and values of another type.

    Args:
        where: What the message begins with: the file, and the table in it.
        content: What was read.
        types: The types of all keys there are, by key: one of `_WORDS`.
        also_known: Keys that were checked elsewhere; messages name them, too.

    Raises:
        UsageError: Something is not as it should be; the nearest known key is named.
    """
    for key, value in content.items():
        if key not in types:
            known = sorted({*types, *also_known})
            near = difflib.get_close_matches(key, known, 1)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(
                f"{where} has a setting {key!r} that is not known",
                hint=f"{meant}Known are: {', '.join(known)}.",
            )
        wanted = types[key]
        if type(value) not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            raise UsageError(
                f"{where}: {key} = {value!r} is not {_WORDS[wanted]}",
                hint=f"Write {_WORDS[wanted]}.",
            )
        if isinstance(value, str) and "\0" in value:
            raise UsageError(f"{where}: {key} = {value!r} holds a NUL", hint="Leave it out.")
