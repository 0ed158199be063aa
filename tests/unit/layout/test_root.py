from pathlib import Path

import pytest

from trackboard.config import find_location, make_workspace
from trackboard.layout.root import may_hold_workspace


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (".", True),
        ("", True),
        (".trackboard", True),
        (".trackboard/default", True),
        (".trackboard/default/", True),
        (".trackboard/default/spool", False),
        ("logs", False),
        ("logs/..", True),
        ("nothing/there", False),
        ("gs://bucket/logs", False),
    ],
)
def test_a_folder_with_a_history_is_told_by_its_name_and_by_what_is_in_it(
    empty_folder: Path, word: str, expected: bool
) -> None:
    (empty_folder / "logs").mkdir()
    assert not may_hold_workspace(".")
    make_workspace(find_location().folder)
    assert may_hold_workspace(word) is expected
    assert may_hold_workspace(empty_folder / word) is expected


@pytest.mark.usefixtures("empty_folder")
def test_a_workspace_that_was_moved_is_known_by_its_settings() -> None:
    make_workspace(find_location().folder)
    find_location().folder.rename("moved")
    assert may_hold_workspace("moved")
