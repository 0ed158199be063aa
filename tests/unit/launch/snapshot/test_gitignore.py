"""Ignore files from anybody: whatever they say, matching ends. What they mean, git says: tests/property."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackboard.launch.snapshot.gitignore import Patterns

_NAME: Final = "a" * 255  # the longest that a file system takes
_DEEP: Final = "/".join("a" * 2_000)
_NEARLY: Final = "/".join(["aaaaaaa"] * 500)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"*a" * 30 + b"*b", _NAME),
        (b"*a" * 127 + b"*b", _NAME),
        (b"?*" * 25 + b"x", _NAME),
        (b"*" + b"?" * 120 + b"*" + b"?" * 120 + b"*x", _NAME),
        (b"*[a-z][!b]" * 40 + b"0", _NAME),
        (b"*[[:alpha:]]" * 100 + b"0", _NAME),
        (b"**/a/" * 20 + b"b", _DEEP),
        (b"**/a/" * 500 + b"b", _DEEP),
        (b"**/" * 10_000 + b"b", _DEEP),
        (b"**/" + b"a/" * 1_000 + b"b", _DEEP),
        (b"**/*/" * 300 + b"b", _DEEP),
        (b"a**/" + b"**/a/" * 100 + b"b", _DEEP),
        (b"**\\/a" * 100 + b"/b", _DEEP),
        (b"**/*a*a*/*a*a*/" * 100 + b"b", _NEARLY),
        (b"*a*/" * 400 + b"**/b", _NEARLY),
        (b"/" + b"*a*a*a*/" * 499 + b"b", _NEARLY),
    ],
)
def test_stars_that_nearly_match_are_given_up_soon(line: bytes, path: str) -> None:
    """Tried in all ways, these take longer than the universe is old."""
    patterns = Patterns(line)
    for is_folder in (False, True):
        assert patterns.match(path, path.rpartition("/")[2], is_folder=is_folder) is None
    assert Patterns(line[:-1] + b"*").match(path, path.rpartition("/")[2], is_folder=False)


@given(
    st.lists(st.sampled_from([b"*", b"?", b"**", b"**/", b"/**/", b"a", b"[a-z]", b"[!b]", b"/"]))
    .filter(lambda pieces: len(pieces) > 1)
    .map(b"".join),
    st.integers(1, 60),
    st.sampled_from([_NAME, _DEEP, _NEARLY]),
)
@settings(max_examples=60, deadline=None)
def test_any_stars_over_and_over_end(piece: bytes, times: int, path: str) -> None:
    text = b"\n".join((piece * times + b"b", b"/" + piece * times + b"b", b"!" + piece * times))
    Patterns(text).match(path, path.rpartition("/")[2], is_folder=True)


@pytest.mark.parametrize(
    "line",
    [
        b"*a" * 1_000_000 + b"b",
        b"[" * 100_000,
        b"[[:" * 100_000,
        b"[[:" * 100_000 + b"]",
        b"[" + b"a-" * 100_000 + b"]",
        b"a" + b" " * 1_000_000 + b"b",
        b"\\" * 1_000_001 + b"  ",
        b"/" * 1_000_000,
        b"!" * 1_000_000,
        b"\0" * 1_000_000,
    ],
    ids=lambda line: repr(line[:6]),
)
def test_a_line_of_any_length_is_read_once(line: bytes) -> None:
    assert Patterns(line).match("b", "b", is_folder=False) is None


def test_many_lines_without_wildcards_are_looked_up() -> None:
    text = b"\n".join(b"file%d\n*.%d\nin/file%d" % (n, n, n) for n in range(5_000))
    patterns = Patterns(text + b"\n!file7\n")
    assert patterns.match("file7", "file7", is_folder=False) is False
    assert patterns.match("x/file8", "file8", is_folder=False) is True
    assert patterns.match("in/file9", "file9", is_folder=True) is True
    assert patterns.match("y.4999", "y.4999", is_folder=False) is True
    assert patterns.match("y.csv", "y.csv", is_folder=False) is None
    assert patterns._globs == ()


def test_the_last_line_wins_whatever_its_kind() -> None:
    def said(*lines: bytes) -> bool | None:
        return Patterns(b"\n".join(lines)).match("a/b.csv", "b.csv", is_folder=False)

    lines = (b"b.csv", b"*.csv", b"a/b.csv", b"b*v", b"a/*.csv", b"**/b.csv")
    for last in lines:
        assert said(*lines, b"!" + last) is False
        assert said(*(b"!" + line for line in lines), last) is True
