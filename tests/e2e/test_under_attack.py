"""Attacks in short; `make test-long` makes the same ones by the thousand (tests/long/test_attacks.py).

Whatever happens to processes, disks and folders: what a call returned from is stored or counted as lost,
once and in order, and what is recorded in peace afterwards is stored.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.stress import deletions, disks, interruptions, kills, mutations, views
from tests.stress.victims import Verdict


def check(verdict: Verdict) -> None:
    assert verdict.faults == [], verdict.said
    assert verdict.stored > 0


def test_killed_while_they_record_everything(tmp_path: Path) -> None:
    check(kills.kill_writers(tmp_path, 6, seed=1))


def test_interrupted_in_every_call(tmp_path: Path) -> None:
    variants = (("alarm", "threads"), ("ctrl-c", "reopen"), ("handler",))
    check(interruptions.interrupt(tmp_path, 1, lasting_s=0.2, seed=1, variants=variants))


def test_a_disk_that_refuses_by_turns(tmp_path: Path) -> None:
    check(disks.refuse_by_turns(tmp_path, 2, seed=1))


def test_deleted_and_replaced_under_living_processes(tmp_path: Path) -> None:
    events = ("delete_root", "delete_one_spool", "delete_database")
    with ThreadPoolExecutor() as pool:
        for verdict in pool.map(lambda e: deletions.delete_under(tmp_path / e, e, seed=1), events):
            check(verdict)


def test_a_spool_that_comes_into_sight_in_any_order(tmp_path: Path) -> None:
    whole = views.record(tmp_path / "spool", 100)
    for seed in range(4):
        views.see_by_and_by(whole, tmp_path / f"view-{seed}", 100, seed=seed)


def test_mutated_spools_chunks_and_event_files(tmp_path: Path) -> None:
    mutations.mutate_spools(tmp_path / "spools", 40, seed=1)
    mutations.mutate_spools(tmp_path / "definitions", 40, seed=1, definitions=True)
    mutations.mutate_chunks(tmp_path, 100, seed=1)
    mutations.mutate_event_files(tmp_path / "files", 50, seed=1)
