"""The families of errors: what a command ends with, and what a server answers."""

import pickle

import pytest

from trackboard.errors import (
    Conflict,
    InternalError,
    NotFound,
    TrackboardError,
    Unavailable,
    UsageError,
)

TOLD = {
    UsageError: (2, 400),
    NotFound: (3, 404),
    Conflict: (4, 409),
    Unavailable: (5, 503),
    InternalError: (70, 500),
}


@pytest.mark.parametrize("family", TOLD)
def test_a_family_says_how_it_is_told(family: type[TrackboardError]) -> None:
    assert (family.exit_code, family.http_status) == TOLD[family]


def test_every_family_is_in_the_table() -> None:
    assert {*TrackboardError.__subclasses__()} == {*TOLD}


def test_the_hint_is_the_second_line() -> None:
    assert str(NotFound("there is no run 'a'", hint="List them.")) == (
        "there is no run 'a'\nList them."
    )
    assert str(NotFound("there is no run 'a'")) == "there is no run 'a'"


def test_a_message_with_a_huge_value_is_shortened_in_the_middle() -> None:
    error = NotFound(f"no run is called '{'x' * 100_000}' here", hint="List them.")
    assert len(error.message) < 5_000
    assert error.message.startswith("no run is called 'xxx")
    assert " more characters ... xxx" in error.message
    assert str(error).endswith("xxx' here\nList them.")
    assert pickle.loads(pickle.dumps(error)).message == error.message
