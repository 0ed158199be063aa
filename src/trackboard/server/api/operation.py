"""A question of the API: its address, what it takes, who answers it, and what an answer looks like."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from trackboard.errors import UsageError

if TYPE_CHECKING:
    from starlette.responses import Response

    from trackboard.service import Service

_LONGEST = 20  # digits of a number that is read at all
_FLAGS = {"": True, "1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True)
class Parameter:
    """Something that a question takes.

    Attributes:
        name: Its name.
        text: What it says, for people.
        kind: `str`, `int`, `float` or `bool`.
        is_required: Whether it has to be said.
        is_repeatable: Whether it may be said several times.
        source: Where it is said: behind the question mark, in the address, in a header.
        default: What is taken where it is not said.
        least: The least that a number may be; None: there is none.
        most: The greatest that a number may be.
        pattern: A regular expression that every text matches which is not refused.
    """

    name: str
    text: str
    kind: type = str
    is_required: bool = False
    is_repeatable: bool = False
    source: Literal["query", "path", "header"] = "query"
    default: int | None = None
    least: int | None = None
    most: int | None = None
    pattern: str = ""


class Given:
    """What a question was given, read as its parameters say.

    Args:
        values: By the parameter's name.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """The text of one that is required."""
        return str(self._values[name])

    def find_text(self, name: str) -> str | None:
        """The text of one that was said; None: it was not."""
        found = self._values.get(name)
        return None if found is None else str(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of one that may be repeated."""
        found = self._values.get(name, ())
        assert isinstance(found, tuple)
        return found

    def find_number(self, name: str) -> int | None:
        """The number of one that was said, or its default."""
        found = self._values.get(name)
        assert found is None or isinstance(found, int)
        return found

    def number(self, name: str) -> int:
        """The number of one that has a default or is required."""
        found = self.find_number(name)
        assert found is not None
        return found

    def find_real(self, name: str) -> float | None:
        """The number of one that was said; None: it was not."""
        found = self._values.get(name)
        assert found is None or isinstance(found, float)
        return found

    def flag(self, name: str) -> bool:
        """Whether one was said that is a yes."""
        return bool(self._values.get(name))


Answering = Callable[["Service", Given], "object | Response"]


class Operation(NamedTuple):
    """A question.

    Attributes:
        path: Its address below `/api/v1`, with `{name}` for a part that is a parameter.
        summary: What it answers, in one sentence.
        answer: The name of its answer's shape in `SHAPES`; empty: it is no JSON.
        answering: Answers it; what is no `Response` becomes JSON.
        parameters: What it takes.
        kind: The media type of its answer.
        others: More statuses that it answers with, and when; those below 300 carry an answer as well.
    """

    path: str
    summary: str
    answer: str
    answering: Answering
    parameters: Sequence[Parameter] = ()
    kind: str = "application/json"
    others: Mapping[int, str] = MappingProxyType({})


def read(
    parameters: Sequence[Parameter],
    path: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
) -> Given:
    """Read what a question was given.

    Args:
        parameters: What it takes.
        path: Parts of the address by name.
        query: What stands behind the question mark, in order.
        headers: Headers by name.

    Raises:
        UsageError: A parameter is unknown, missing, said twice, or no number.
    """
    known = {each.name: each for each in parameters if each.source == "query"}
    said: dict[str, list[str]] = {}
    for name, text in query:
        if name not in known:
            raise _unknown(name, known)
        said.setdefault(name, []).append(text)
    values: dict[str, object] = dict(path)
    for each in parameters:
        if each.source == "header":
            values[each.name] = headers.get(each.name)
        elif each.source == "query":
            values[each.name] = _said(each, said.get(each.name, []))
    return Given(values)


def _unknown(name: str, known: Collection[str]) -> UsageError:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(known) or 'none'}."
    return UsageError(f"there is no parameter {name[:80]!r} here", hint=hint)


def _said(parameter: Parameter, texts: Sequence[str]) -> object:
    if parameter.is_required and not any(texts):
        raise UsageError(f"the parameter {parameter.name!r} is missing", hint=parameter.text)
    if parameter.is_repeatable:
        return tuple(text for text in texts if text)
    if len(texts) > 1:
        raise UsageError(f"the parameter {parameter.name!r} is said {len(texts)} times")
    return _value(parameter, texts[0]) if texts else parameter.default


def _value(parameter: Parameter, text: str) -> object:
    if parameter.kind is bool:
        if text.lower() not in _FLAGS:
            raise UsageError(
                f"{parameter.name}={text[:80]!r} is no yes or no", hint="Say true or false."
            )
        return _FLAGS[text.lower()]
    if parameter.kind is int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < _LONGEST):
            raise UsageError(f"{parameter.name}={text[:80]!r} is no whole number")
        return int(text)
    if parameter.kind is float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise UsageError(f"{parameter.name}={text[:80]!r} is no finite number")
        return number
    return text
