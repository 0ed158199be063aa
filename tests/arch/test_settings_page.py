"""The page of settings names every variable and every key that the code reads, and no other."""

import re
from pathlib import Path

from tests.arch.source import SOURCE

from trackboard.config import compute, settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
_VARIABLE = re.compile(r"\bTRACKBOARD_[A-Z_0-9]+\b")
_OURS_ALONE = {"TRACKBOARD_TENSORFLOW_V1_SAID"}  # from a job to its children


def test_every_variable_is_in_the_table() -> None:
    read = {
        name for file in SOURCE.rglob("*.py") for name in _VARIABLE.findall(file.read_text("utf-8"))
    }
    assert {*_VARIABLE.findall(PAGE.read_text("utf-8"))} == read - _OURS_ALONE


def test_every_key_is_in_the_tables() -> None:
    rows = {*re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)}
    assert rows == {*settings._KEYS, *compute._KEYS} - {"compute"}
