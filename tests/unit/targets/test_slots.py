"""Slots: never more than there are, and free again however a holder ends."""

import os
import subprocess
from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.targets.slots import Slot, Slots


def _let_go(*slots: Slot) -> None:
    for slot in slots:
        os.close(slot.fd)


def test_as_many_as_there_are(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "cpu", 2)
    held = [*slots.take(), *slots.take()]
    assert [slot.number for slot in held] == [0, 1]
    assert slots.count_free() == 0
    with pytest.raises(Unavailable, match=r"1 of the 2 slots .* were asked for, and 0 are free"):
        slots.take()
    _let_go(held.pop(0))
    assert slots.count_free() == 1
    held += slots.take()
    assert held[-1].number == 0
    assert slots.count_free() == 0
    _let_go(*held)


def test_several_at_once_or_none(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 3)
    first = slots.take(2)
    assert [slot.number for slot in first] == [0, 1]
    with pytest.raises(Unavailable, match="2 of the 3 slots"):
        slots.take(2)
    assert slots.count_free() == 1  # none of them was kept
    _let_go(*first)
    both = slots.take(3)
    assert slots.count_free() == 0
    _let_go(*both)


def test_in_the_order_of_numbers(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 12)
    held = slots.take(12)
    assert [slot.number for slot in held] == list(range(12))
    _let_go(*held)
    least = Slots(tmp_path, 2).take()  # of a cluster that was larger once
    assert [slot.number for slot in least] == [0]
    _let_go(*least)


def test_asking_takes_nothing(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    assert slots.count_free() == 1
    assert slots.count_free() == 1


def test_none(tmp_path: Path) -> None:
    assert Slots(tmp_path, 0).count_free() == 0


def test_fewer_than_before_counts_those_still_taken(tmp_path: Path) -> None:
    held = list(Slots(tmp_path, 3).take(3))
    _let_go(held.pop(0))
    assert Slots(tmp_path, 2).count_free() == 0
    _let_go(held.pop())
    assert Slots(tmp_path, 2).count_free() == 1
    _let_go(*held)


def test_held_by_who_inherits_it_until_killed(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    (slot,) = slots.take()
    heir = subprocess.Popen(["sleep", "600"], pass_fds=[slot.fd])
    _let_go(slot)
    try:
        assert slots.count_free() == 0
    finally:
        heir.kill()
        heir.wait()
    assert slots.count_free() == 1
