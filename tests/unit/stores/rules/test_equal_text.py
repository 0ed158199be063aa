"""Parameters that are equal, and those that only look so."""

import math

import pytest

from trackboard.model import Value
from trackboard.stores.rules.equal_text import equal_text


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, -0.0), (False, 0.0), (10**22, 1e22), (math.nan, -math.nan)],
)
def test_equal_numbers_share_their_text(one: Value, other: Value) -> None:
    assert equal_text(one) == equal_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (1, "n1"),
        (math.nan, "nan"),
        (math.inf, -math.inf),
        (2**53, 2**53 + 1),
        (0.1, 0.1 + 2**-56),
        (1e308, 1.0000000000000002e308),
        ("", 0),
        ("a", "a "),
        ("x" * 100 + "a", "x" * 100 + "b"),
        ("h" + "0" * 40, "x" * 100),
    ],
)
def test_others_do_not(one: Value, other: Value) -> None:
    assert equal_text(one) != equal_text(other)


@pytest.mark.parametrize("value", ["x" * 10**6, 1e308, "\ud800", "grün \0", 5e-324])
def test_any_value_has_a_text_that_every_index_takes(value: Value) -> None:
    text = equal_text(value)
    assert len(text) <= 64
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize("length", [62, 63, 64, 65])
def test_short_text_is_its_own_and_long_text_a_hash(length: int) -> None:
    text = equal_text("x" * length)
    assert (text == "s" + "x" * length) is (length <= 63)
    assert len(text) == (length + 1 if length <= 63 else 41)
