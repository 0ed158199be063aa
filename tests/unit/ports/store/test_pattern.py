"""Regular expressions in conditions: what is found, and that no pattern takes for ever."""

from __future__ import annotations

import pytest

from trackboard.errors import UsageError
from trackboard.ports.store.pattern import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("", "", True),
        ("o.e", "großoße", True),
        ("^run-[12]$", "run-1", True),
        ("^run-[12]$", "run-1\n", False),
        (r"\Aa.b\Z", "a\nb", False),
        (r"(?s)\Aa.b\Z", "a\nb", True),
        (r"a\\Z", "a\\Z", True),
        (r"\.", "a.b", True),
        ("grün", "GRÜN", False),
        ("(?i)grün", "GRÜN", True),
        ("x", "\ud800x\0", True),
    ],
)
def test_what_is_found(pattern: str, text: str, is_found: bool) -> None:
    assert compile_pattern(pattern)(text) is is_found


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        r"\A(a|a)*$",
        "(a|aa)+$",
        "(a*)*b",
        "(.*a){20}$",
        "a.*a.*a.*a.*a.*a.*b",
        "(a?){30}a{30}b",
    ],
)
def test_no_pattern_tries_every_way(pattern: str) -> None:
    """Python's `re` would not end within the life of this machine."""
    assert compile_pattern(pattern)("a" * 10_000 + "!") is False


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[",
        "*",
        "(?=a)",
        "(?<!a)b",
        r"(a)\1",
        "a{999999999}",
        "a{999999999999}",
        "x{1000}{1000}",
        "\ud800[",
    ],
)
def test_a_pattern_that_is_none_is_named(pattern: str) -> None:
    with pytest.raises(UsageError, match="is no regular expression") as raised:
        compile_pattern(pattern)
    assert repr(pattern[:200]) in raised.value.message
    assert "Put the sign" in str(raised.value.hint)
