"""A script's arguments with some values changed, in the form in which each was given."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from trackboard.errors import UsageError
from trackboard.record.command import MASK, mask_words

_DASHED = re.compile(
    r"(--?)([A-Za-z][\w.-]*)(?:(=).*)?", re.DOTALL
)  # --rate 0.1, --rate=0.1, --flag
_PLAIN = re.compile(r"()([A-Za-z][\w.-]*)(=).*", re.DOTALL)  # rate=0.1
_NEGATIVE = re.compile(r"-\.?\d.*")  # a number, no option
_SWITCH = {"true": True, "false": False}


def change_arguments(arguments: Sequence[str], settings: Mapping[str, str]) -> tuple[str, ...]:
    """Change the values of named arguments; one that was not given is added.

    An argument is named without its dashes, `-` and `_` are the same in names. One without a value is
    taken away by `false`.

    Args:
        arguments: The words of a command line.
        settings: New values by name.
    """
    wanted = {_plain(name): value for name, value in settings.items()}
    found: set[str] = set()
    changed: list[str] = []
    words = [*arguments]
    while words:
        word = words.pop(0)
        named = _DASHED.fullmatch(word) or _PLAIN.fullmatch(word)
        name = _plain(named[2]) if named else ""
        if named is None or name not in wanted:
            changed.append(word)
            continue
        found.add(name)
        value = wanted[name]
        if named[3]:
            changed.append(f"{named[1]}{named[2]}={value}")
        elif words and not _is_option(words[0]):
            words.pop(0)
            changed += [word, value]
        else:
            changed += _switch(word, value)
    is_plain = any(map(_PLAIN.fullmatch, arguments)) and not any(map(_is_option, arguments))
    for name, value in settings.items():
        if _plain(name) not in found:
            bare = name.lstrip("-")
            changed += [f"{bare}={value}"] if is_plain else [f"--{bare}", value]
    return tuple(changed)


def restore_masked(words: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Put back what was masked where a command line was shown, and then sent back with changes.

    Args:
        words: A command line, in which masked words may stand.
        known: The words of the one that was shown, as they were.

    Raises:
        UsageError: It is not clear which secret a masked word stands for.
    """
    hidden: dict[str, list[str]] = defaultdict(list)
    for word, masked in zip(known, mask_words(known), strict=True):
        if masked != word:
            hidden[masked].append(word)
    kept = Counter(word for word in words if word in hidden)
    for masked, number in kept.items():
        secrets = hidden[masked]
        if number != len(secrets) and len({*secrets}) > 1:
            raise UsageError(
                f"{masked!r} stands for {len(secrets)} values that are not shown,"
                f" and is there {number} times",
                hint=f"Write the values instead of {MASK}, or leave all of them as they are.",
            )
    rest = {masked: iter(secrets * kept[masked]) for masked, secrets in hidden.items()}
    return tuple(next(rest[word]) if word in rest else word for word in words)


def _switch(word: str, value: str) -> list[str]:
    """The words for an argument that stood without a value."""
    if value.lower() in _SWITCH:
        return [word] * _SWITCH[value.lower()]
    return [word, value]


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1 and not _NEGATIVE.fullmatch(word)


def _plain(name: str) -> str:
    return name.lstrip("-").replace("-", "_")
