"""Imports, downloads, exports and backups are killed with SIGKILL: repeated, they come to the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stress import mlflow_store, transfers

pytestmark = pytest.mark.long


def test_imports_that_are_killed_come_to_the_same(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    transfers.write_log_folder(tmp_path / "logs")
    done = transfers.kill_imports(tmp_path / "logs", tmp_path, 50, seed=2)
    record_property("kills", done.kills)
    assert (done.kills, done.differences) == (50, [])


def test_what_mlflow_wrote_comes_whole_and_once(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    counts = {"series": 10, "points": 10}
    python = mlflow_store.install(tmp_path / "mlflow")
    (tmp_path / "store").mkdir()
    database = mlflow_store.write(python, tmp_path / "store", runs=1_000, **counts)
    done = transfers.kill_imports(database, tmp_path, 50, seed=3)
    record_property("kills", done.kills)
    assert (done.kills, done.differences) == (50, [])

    found = mlflow_store.by_name(transfers.describe(tmp_path / "straight"))
    assert found == {f"run {n}": mlflow_store.expected(n, **counts) for n in range(1_000)}


def test_downloads_that_are_killed_are_none_or_whole(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = transfers.kill_downloads(tmp_path, 50, seed=2)
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
