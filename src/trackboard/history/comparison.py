"""A comparison of a metric's last value with a number, as people write it: `accuracy > 0.9`."""

from __future__ import annotations

import re

from trackboard.errors import UsageError

MetricCondition = tuple[str, str, float]

SIGNS = ("<", "<=", ">", ">=", "==", "!=")

_SIGN = re.compile(r"[<>=!]+")
_TIGHT_SIGN = re.compile(
    r"(?<=\s)[<>=!]+(?=\s)"
)  # where a name has signs of its own, ours stand apart
_MEANT = {"=": "==", "===": "==", "=<": "<=", "=>": ">=", "<>": "!=", "!": "!=", "=!": "!="}
_HOW = 'Compare its last value with a number by < <= > >= == or !=: "accuracy > 0.9".'


def parse_metric(text: str) -> MetricCondition:
    """A condition on a metric's last value: what stands before the last sign is the metric's name.

    Raises:
        UsageError: It is not a name, a comparison and a number; the place is pointed at.

    >>> parse_metric("val/accuracy >= 0.9")
    ('val/accuracy', '>=', 0.9)
    """
    signs = list(_SIGN.finditer(text))
    if not signs:
        raise _error(text, len(text.rstrip()), 1, "a comparison is missing here", _HOW)
    sign = signs[-1]
    name = text[: sign.start()].strip()
    if sign[0] not in SIGNS:
        meant = _MEANT.get(sign[0], sign[0][0] if sign[0][0] in "<>" else "")
        hint = f"Did you mean {meant}? {_HOW}" if meant else _HOW
        raise _error(text, sign.start(), len(sign[0]), f"{sign[0]!r} is no comparison", hint)
    if not name:
        raise _error(text, sign.start(), len(sign[0]), "a metric's name is missing before it", _HOW)
    inner = _TIGHT_SIGN.search(text[: sign.start()])
    if inner is not None:
        raise _error(
            text,
            inner.start(),
            len(inner[0]),
            "one condition holds one comparison",
            "Give several one by one: a list, or --where for each; all of them have to hold.",
        )
    return name, sign[0], _number(text, sign)


def check_comparison(given: object) -> MetricCondition:
    """A condition as a name, a sign and a number.

    Raises:
        UsageError: It is not that.
    """
    if isinstance(given, str):
        return parse_metric(given)
    if isinstance(given, (tuple, list)) and len(given) == 3:
        name, sign, number = given
        is_number = isinstance(number, (int, float)) or hasattr(number, "__float__")
        if isinstance(name, str) and sign in SIGNS and is_number:
            return name, sign, float(number)
    raise UsageError(
        f"{given!r} is no condition on a metric",
        hint='Write "accuracy > 0.9", or ("accuracy", ">", 0.9) with one of < <= > >= == !=.',
    )


def _number(text: str, sign: re.Match[str]) -> float:
    written = text[sign.end() :]
    start = sign.end() + len(written) - len(written.lstrip())
    try:
        return float(written)
    except ValueError:
        pass
    if not written.strip():
        raise _error(text, start, 1, "a number is missing here", _HOW)
    said = f"{written.strip()!r} is no number"
    raise _error(
        text, start, len(written.strip()), said, _hint_on_number(text, sign, written.strip())
    )


def _hint_on_number(text: str, sign: re.Match[str], written: str) -> str:
    name = text[: sign.start()].strip()
    try:
        float(name)
    except ValueError:
        return _HOW
    turned = sign[0].translate(str.maketrans("<>", "><"))
    return f'The metric comes first: "{written} {turned} {name}".'


def _error(text: str, start: int, width: int, what: str, hint: str) -> UsageError:
    """The error that points at a place of the condition."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return UsageError(
        f"{text!r} is no condition on a metric: {what}\n"
        f"    {shown}\n    {' ' * start}{'^' * max(1, width)}",
        hint=hint,
    )
