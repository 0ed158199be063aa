"""Imports, exports and backups are killed: repeated, they come to the same; half a file is none.

See tests/long/test_killed_transfers.py for many more of them.
"""

from pathlib import Path

from tests.stress import transfers


def test_imports_that_are_killed_come_to_the_same(tmp_path: Path) -> None:
    done = transfers.kill_imports(tmp_path, 3, seed=1)
    assert (done.kills, done.differences) == (3, [])


def test_exports_that_are_killed_are_none_or_whole(tmp_path: Path) -> None:
    done = transfers.kill_exports(tmp_path, 2, names=["points.csv"], seed=1)
    assert done.differences == []


def test_backups_that_are_killed_are_none_or_whole(tmp_path: Path) -> None:
    done = transfers.kill_backups(tmp_path, 1, seed=1)
    assert done.differences == []
