"""What is stored instead of what no database takes."""

import math

import pytest

from trackboard.stores.rules.short_text import storable
from trackboard.stores.schema.tables import from_column, to_column


@pytest.mark.parametrize("text", ["", "plain", "grün \U0001f600", "line\nbreak"])
def test_text_stays_itself(text: str) -> None:
    assert storable(text) == text


def test_what_cannot_be_stored_is_escaped() -> None:
    assert storable("a\ud800b\0c") == "a\\ud800b\\x00c"
    assert storable("\0") == "\\x00"


@pytest.mark.parametrize("number", [0.0, -1.5, math.inf, -math.inf])
def test_numbers_stay_themselves(number: float) -> None:
    assert from_column(to_column(number)) == number


def test_nan_is_null() -> None:
    assert to_column(math.nan) is None
    assert math.isnan(from_column(None))
