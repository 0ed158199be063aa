"""Attacks in short; `make test-long` makes the same ones by the thousand (tests/long/test_attacks.py).

Whatever happens to processes, disks and folders: what a call returned from is stored or counted as lost,
once and in order, and what is recorded in peace afterwards is stored.
"""

from pathlib import Path

from tests.stress import disks, kills
from tests.stress.victims import Verdict


def check(verdict: Verdict) -> None:
    assert verdict.faults == [], verdict.said
    assert verdict.stored > 0


def test_killed_while_they_record_everything(tmp_path: Path) -> None:
    check(kills.kill_writers(tmp_path, 6, seed=1))


def test_a_disk_that_refuses_by_turns(tmp_path: Path) -> None:
    check(disks.refuse_by_turns(tmp_path, 2, seed=1))
