"""Imports, exports and backups are killed with SIGKILL: repeated, they come to the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stress import transfers

pytestmark = pytest.mark.long


def test_imports_that_are_killed_come_to_the_same(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = transfers.kill_imports(tmp_path, 50, seed=2)
    record_property("kills", done.kills)
    assert (done.kills, done.differences) == (50, [])


def test_exports_that_are_killed_are_none_or_whole(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = transfers.kill_exports(
        tmp_path, 25, names=["points.csv", "points.parquet", "report.html"], seed=2
    )
    record_property("kills", done.kills)
    assert done.differences == []


def test_backups_that_are_killed_are_none_or_whole(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = transfers.kill_backups(tmp_path, 25, seed=2)
    record_property("kills", done.kills)
    assert done.differences == []
