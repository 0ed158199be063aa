"""What a value means beside a field: a number, a text, a time, how long something took."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from trackboard.history.query.fields import AGE, written
from trackboard.history.query.mistakes import mistake
from trackboard.history.query.tokens import Kind, Token
from trackboard.model import LOST, RunKind, RunState, Value
from trackboard.ports import (
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Field,
    HasValue,
    Not,
    OneOf,
    Ordered,
    Origin,
    Sign,
    Source,
    attribute,
)

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|nan)", re.I
)
_LENGTH = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([smhdw]?)")
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ](?P<minute>[0-9]{2}:[0-9]{2})(?P<second>:[0-9.]+)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TIMES = (Attribute.CREATED, Attribute.STARTED, Attribute.ENDED)
_KNOWN = {
    Attribute.STATE: [*(each.value for each in RunState), LOST],
    Attribute.KIND: [each.value for each in RunKind],
}
_NUMBER_HINT = "Compare it with a number: 0.1, 1e-3, -2, inf or nan."
_TIME_HINT = "Write 2026-11-29, or in quotes '2026-11-29 14:30'; or ask for the age: age < 7d."
_LENGTH_HINT = "Write 90s, 30m, 1.5h, 7d or 2w."
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Span(NamedTuple):
    """The time that a day, a minute or a second is, in seconds since the epoch; without its end."""

    start_s: float
    end_s: float


def equal(text: str, field: Field, tokens: Sequence[Token]) -> Condition:
    """The condition that a field equals one of some values.

    Args:
        text: What the tokens are of.
        field: The field.
        tokens: The values.

    Raises:
        UsageError: The field has no such values.
    """
    if field.source is Source.ATTRIBUTE and (
        field.name == AGE or Attribute(field.name) is Attribute.DURATION
    ):
        raise mistake(
            _at(text, tokens[0]),
            f"{field.name} is compared by < <= > or >=",
            f"{field.name} < 2h; {_LENGTH_HINT}",
        )
    if field.source is Source.ATTRIBUTE and Attribute(field.name) in _TIMES:
        spans = [_span(text, token) for token in tokens]
        within = [
            AllOf((Ordered(field, ">=", span.start_s), Ordered(field, "<", span.end_s)))
            for span in spans
        ]
        return within[0] if len(within) == 1 else AnyOf(tuple(within))
    return OneOf(field, tuple(_value(text, field, token) for token in tokens))


def ordered(text: str, field: Field, sign: Sign, token: Token, now_s: float) -> Condition:
    """The condition that a field is less or greater than a value.

    Args:
        text: What the token is of.
        field: The field.
        sign: How it is compared.
        token: The value.
        now_s: The time that ages and durations end at, in seconds since the epoch.

    Raises:
        UsageError: The field is no number, no time and no duration, or the value is not.
    """
    if field.source is not Source.ATTRIBUTE:
        if field.source in (Source.TAG, Source.PROPERTY):
            raise _unordered(text, field, token)
        return Ordered(field, sign, _orderable(text, token))
    if field.name == AGE:
        opposite = cast(Sign, _OPPOSITE[sign])
        return Ordered(attribute(Attribute.CREATED), opposite, now_s - _length_s(text, token))
    which = Attribute(field.name)
    if which is Attribute.DURATION:
        return _lasting(field, sign, _length_s(text, token), now_s)
    if which in _TIMES:
        span = _span(text, token)
        if sign in ("<", ">="):
            return Ordered(field, sign, span.start_s)
        return Ordered(field, "<" if sign == "<=" else ">=", span.end_s)
    if which is not Attribute.NUMBER:
        raise _unordered(text, field, token)
    return Ordered(field, sign, _orderable(text, token))


def _lasting(field: Field, sign: Sign, length_s: float, now_s: float) -> Condition:
    """Also of runs that go on: they last from their start until now."""
    ended = attribute(Attribute.ENDED)
    opposite = cast(Sign, _OPPOSITE[sign])
    began = Ordered(attribute(Attribute.STARTED), opposite, now_s - length_s)
    return AnyOf((Ordered(field, sign, length_s), AllOf((Not(HasValue(ended)), began))))


def _unordered(text: str, field: Field, token: Token) -> Exception:
    return mistake(
        _at(text, token),
        f"{written(field)} is text, which is neither less nor greater than a value",
        "Compare it by = != in (...) like or ~.",
    )


def _value(text: str, field: Field, token: Token) -> Value:
    if field.source is Source.METRIC:
        return _number(text, token)
    if field.source in (Source.PARAMETER, Source.METRIC_OR_PARAMETER):
        return _parameter(text, token)
    if field.source is Source.ATTRIBUTE:
        which = Attribute(field.name)
        if which is Attribute.NUMBER:
            return _number(text, token)
        if which in _KNOWN:
            return _known(text, which, token)
    _refuse_names(text, token)
    return token.text


def _known(text: str, which: Attribute, token: Token) -> str:
    known = _KNOWN[which]
    if token.text.lower() not in known:
        raise mistake(
            _at(text, token),
            f"there is no {which.value} {token.text!r}",
            f"A run is one of {', '.join(known)}.",
        )
    return token.text.lower()


def _parameter(text: str, token: Token) -> Value:
    """A value of any kind; in quotes it is text."""
    said = token.text
    if token.kind is Kind.QUOTED:
        return said
    if said.lower() in ("true", "false"):
        return said.lower() == "true"
    if _NUMBER.fullmatch(said) is None:
        _refuse_names(text, token)
        return said
    is_whole = said.lstrip("+-").isdigit() and len(said) < 20  # more than 64 bits is a float
    return int(said) if is_whole else float(said)


def _refuse_names(text: str, token: Token) -> None:
    """Raise where somebody compares two names: the other one would be taken for a text."""
    prefix, dot, _ = token.text.partition(".")
    if token.kind is Kind.WORD and dot and prefix.lower() in ("params", "metrics", "tags"):
        raise mistake(
            _at(text, token),
            f"{token.text} is a name, and a name is compared with a value",
            f"Write '{token.text}' in quotes if it is a text.",
        )


def _number(text: str, token: Token) -> float:
    said = token.text.lower()
    if token.kind is Kind.WORD and said in ("true", "false"):
        return float(said == "true")
    if token.kind is not Kind.WORD or _NUMBER.fullmatch(said) is None:
        raise mistake(_at(text, token), f"{token.text!r} is no number", _NUMBER_HINT)
    return float(said)


def _orderable(text: str, token: Token) -> float:
    number = _number(text, token)
    if math.isnan(number):
        raise mistake(_at(text, token), "nan is neither less nor greater", "Write = nan or != nan.")
    return number


def _length_s(text: str, token: Token) -> float:
    found = _LENGTH.fullmatch(token.text.lower())
    if found is None:
        raise mistake(_at(text, token), f"{token.text!r} is no length of time", _LENGTH_HINT)
    return float(found[1]) * _UNITS_S[found[2]]


def _span(text: str, token: Token) -> _Span:
    """A time of this place's clock, unless it names its zone."""
    found = _TIME.fullmatch(token.text)
    try:
        if found is None:
            raise ValueError(token.text)
        moment = datetime.fromisoformat(token.text)
        if found["second"]:
            length = timedelta(seconds=1)
        else:
            length = timedelta(minutes=1) if found["minute"] else timedelta(days=1)
        return _Span(moment.timestamp(), (moment + length).timestamp())
    except (ValueError, OverflowError, OSError):
        raise mistake(_at(text, token), f"{token.text!r} is no time", _TIME_HINT) from None


def _at(text: str, token: Token) -> Origin:
    return Origin(text, token.start, token.end)
