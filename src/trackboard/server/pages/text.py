"""Values as people read them on a page."""

from __future__ import annotations

import math
from collections.abc import Iterable

from trackboard.format.times import duration, moment
from trackboard.ports import Attribute, Field, Source, attribute
from trackboard.service.run_columns import TIMES

_MOST_OF_ONE = 20_000
MOST_CHARACTERS = 200  # of a value in a table; all of it is on the page of its run


def value(given: object) -> str:
    """A value of a metric, a parameter or a tag."""
    if isinstance(given, float):
        return f"{given:.6g}"
    return "" if given is None else cut(str(given))


def whole(given: object) -> str:
    """A value on the page of its run."""
    if isinstance(given, float):
        return repr(given)
    return "" if given is None else cut(str(given), _MOST_OF_ONE)


def cut(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text that is not longer than a page has room for."""
    return text if len(text) <= most else f"{text[:most]}…"


def cell(field: Field, given: object) -> str:
    """A value in the column of a field."""
    if field.source is Source.ATTRIBUTE and isinstance(given, float):
        which = Attribute(field.name)
        if which is Attribute.DURATION:
            return duration(given)
        if which in TIMES:
            return moment(given)
    return value(given)


def is_numeric(field: Field, values: Iterable[object]) -> bool:
    """Whether a column is numbers, which are aligned to the right."""
    if field.source is Source.ATTRIBUTE and Attribute(field.name) in TIMES:
        return False
    found = [each for each in values if each is not None]
    return bool(found) and all(
        isinstance(each, (int, float)) and not isinstance(each, bool) for each in found
    )


def difference(field: Field, value: object, baseline: object) -> str:
    """How far a number is from the baseline's, as it is and in percent; empty where that means nothing."""
    apart = subtract(value, baseline)
    if not apart:
        return ""
    if field == attribute(Attribute.DURATION):
        return change(value, baseline)
    percent = change(value, baseline)
    return f"{apart:+.4g} ({percent})" if percent else f"{apart:+.4g}"


def subtract(value: object, baseline: object) -> float | None:
    """How far a number is from another; None where that is no finite number."""
    if not isinstance(value, (int, float)) or not isinstance(baseline, (int, float)):
        return None
    apart = value - baseline
    return apart if math.isfinite(apart) else None


def change(value: object, baseline: object) -> str:
    """How far a number is from another's, in percent; empty where that means nothing."""
    if not isinstance(value, (int, float)) or not isinstance(baseline, (int, float)):
        return ""
    if not math.isfinite(value) or not math.isfinite(baseline) or baseline in (0, value):
        return ""
    return f"{(value - baseline) / abs(baseline):+.1%}"
