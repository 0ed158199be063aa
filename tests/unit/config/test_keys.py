"""The one check of all settings."""

from typing import Any

import pytest

from trackboard.config.keys import NUMBER, check_keys
from trackboard.errors import UsageError

TYPES: dict[str, object] = {
    "count": int,
    "name": str,
    "is_on": bool,
    "table": dict,
    "list": list,
    "share": NUMBER,
}


def check(**content: Any) -> None:
    check_keys("file: [table]", content, TYPES, also_known=("elsewhere",))


def test_values_of_their_types_pass() -> None:
    check()
    check(count=0, name="", is_on=False, table={}, list=[], share=1)
    check(count=-1, name="ä\n", is_on=True, table={"any": None}, list=[None], share=0.5)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("count", 1.0, "a whole number"),
        ("count", True, "a whole number"),
        ("count", "1", "a whole number"),
        ("name", 1, "text"),
        ("name", None, "text"),
        ("is_on", 1, "true or false"),
        ("table", [], "a table"),
        ("list", {}, "a list"),
        ("share", "1", "a number"),
        ("share", True, "a number"),
    ],
)
def test_values_of_other_types_are_refused(key: str, value: object, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(**{key: value})
    assert caught.value.message == f"file: [table]: {key} = {value!r} is not {what}"
    assert caught.value.hint == f"Write {what}."


def test_a_key_that_is_not_known_names_the_nearest_and_all() -> None:
    with pytest.raises(UsageError) as caught:
        check(count=1, cuont=2)
    assert caught.value.message == "file: [table] has a setting 'cuont' that is not known"
    known = "count, elsewhere, is_on, list, name, share, table"
    assert caught.value.hint == f"Did you mean count? Known are: {known}."
    with pytest.raises(UsageError) as caught:
        check(zzzzzz=1)
    assert caught.value.hint == f"Known are: {known}."


def test_what_was_checked_elsewhere_is_named_and_not_allowed_here() -> None:
    with pytest.raises(UsageError, match="'elsewhere' that is not known"):
        check(elsewhere=1)


def test_text_holds_no_nul() -> None:
    with pytest.raises(UsageError, match=r"file: \[table\]: name = 'a\\x00b' holds a NUL"):
        check(name="a\0b")
