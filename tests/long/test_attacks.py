"""Attacks by the thousand: kills, signals, refusing disks, deletions, late views, mutated bytes.

See tests/e2e/test_under_attack.py for the same in short, and tests/stress for what is done and judged.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.prerequisites import require
from tests.stress import deletions, disks, interruptions, kills, mutations, views
from tests.stress.victims import Verdict

pytestmark = pytest.mark.long

Record = Callable[[str, object], None]


def check(verdict: Verdict, record_property: Record) -> None:
    for name in ("returned", "stored", "missing", "lost"):
        record_property(name, getattr(verdict, name))
    assert verdict.faults == [], verdict.said


@pytest.mark.parametrize("seed", range(8))
def test_kills_of_writers(tmp_path: Path, record_property: Record, seed: int) -> None:
    record_property("kills", 90)
    check(kills.kill_writers(tmp_path, 90, seed=seed), record_property)


@pytest.mark.parametrize("seed", range(2))
def test_kills_of_readers_and_boards(tmp_path: Path, record_property: Record, seed: int) -> None:
    record_property("kills", 100)
    check(kills.kill_readers(tmp_path, 100, seed=seed), record_property)


@pytest.mark.usefixtures("leaves_no_process")
@pytest.mark.parametrize("seed", range(3))
def test_kills_of_clients_workers_and_scripts(
    tmp_path: Path, record_property: Record, seed: int
) -> None:
    record_property("kills", 30)
    check(kills.kill_jobs(tmp_path, 30, seed=seed), record_property)


@pytest.mark.parametrize("seed", range(6))
def test_signals_in_every_call(tmp_path: Path, record_property: Record, seed: int) -> None:
    check(interruptions.interrupt(tmp_path, 4, lasting_s=5, seed=seed), record_property)


@pytest.mark.parametrize("seed", range(8))
def test_disks_that_refuse_by_turns(tmp_path: Path, record_property: Record, seed: int) -> None:
    record_property("turns", 60)
    check(disks.refuse_by_turns(tmp_path, 60, seed=seed), record_property)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 MB, which holds what is recorded and the database."""
    mount = require("root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run([mount, "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("seed", range(3))
def test_a_disk_that_is_full_by_turns(small_disk: Path, record_property: Record, seed: int) -> None:
    record_property("turns", 30)
    check(disks.fill_by_turns(small_disk, 30, seed=seed), record_property)


@pytest.mark.parametrize("event", deletions.EVENTS)
def test_deletions_under_living_processes(
    tmp_path: Path, record_property: Record, event: str
) -> None:
    verdict = Verdict()
    for seed in range(8):
        verdict += deletions.delete_under(tmp_path / str(seed), event, seed=seed)
    check(verdict, record_property)


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_spools_that_come_into_sight_in_any_order(
    tmp_path: Path, record_property: Record, first: int
) -> None:
    record_property("views", 250)
    whole = views.record(tmp_path / "spool", 300)
    for seed in range(first, first + 250):
        views.see_by_and_by(whole, tmp_path / f"view-{seed}", 300, seed=seed)


@pytest.mark.parametrize("definitions", [False, True], ids=["any record", "definitions"])
@pytest.mark.parametrize("seed", range(4))
def test_mutated_spools(
    tmp_path: Path, record_property: Record, seed: int, definitions: bool
) -> None:
    record_property("spools", 2500)
    mutations.mutate_spools(tmp_path, 2500, seed=seed, definitions=definitions)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_chunks(tmp_path: Path, record_property: Record, seed: int) -> None:
    refused, read = mutations.mutate_chunks(tmp_path, 20_000, seed=seed)
    record_property("refused", refused)
    record_property("read all the same", read)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_event_files(tmp_path: Path, record_property: Record, seed: int) -> None:
    record_property("files", 20_000)
    mutations.mutate_event_files(tmp_path, 20_000, seed=seed)
