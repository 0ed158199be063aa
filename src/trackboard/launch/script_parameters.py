"""A script's arguments as parameters of its run, so that TensorBoard can answer which setting was best.

The usual forms are understood: `--rate 0.1`, `--rate=0.1`, `-r 0.1`, `--flag`. What is not named (a file,
a verb) is no parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from trackboard.model import Value
from trackboard.record.command import mask_words

_NAMED = re.compile(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_INT = re.compile(r"[+-]?\d{1,18}")
_WORDS = {"true": True, "false": False}


def read_parameters(arguments: Iterable[str]) -> dict[str, Value]:
    """The named arguments of a command line, by name without dashes.

    Numbers, `true` and `false` get their type, everything else is text; a name without a value is True;
    a name that is given again counts once, the last time. Secrets are masked.
    """
    parameters: dict[str, Value] = {}
    waiting = ""
    for word in mask_words(list(arguments)):
        named = None if _is_number(word) else _NAMED.fullmatch(word)
        if named is not None:
            waiting = "" if named[2] is not None else named[1]
            parameters[named[1]] = True if named[2] is None else _typed(named[2])
        elif waiting:
            parameters[waiting] = _typed(word)
            waiting = ""
    return parameters


def _is_number(word: str) -> bool:
    return isinstance(_typed(word), int | float)


def _typed(text: str) -> Value:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
