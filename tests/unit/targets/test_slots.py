"""Slots: never more than there are, and free again however a holder ends."""

import os
import subprocess
from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.targets.slots import Slots


def test_as_many_as_there_are(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "cpu", 2)
    held = [slots.take(), slots.take()]
    assert slots.count_free() == 0
    with pytest.raises(Unavailable, match="all 2 slots"):
        slots.take()
    os.close(held.pop())
    assert slots.count_free() == 1
    held.append(slots.take())
    assert slots.count_free() == 0
    for fd in held:
        os.close(fd)


def test_asking_takes_nothing(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    assert slots.count_free() == 1
    assert slots.count_free() == 1


def test_none(tmp_path: Path) -> None:
    assert Slots(tmp_path, 0).count_free() == 0


def test_fewer_than_before_counts_those_still_taken(tmp_path: Path) -> None:
    wide = Slots(tmp_path, 3)
    held = [wide.take() for _ in range(3)]
    os.close(held.pop(0))
    assert Slots(tmp_path, 2).count_free() == 0
    os.close(held.pop())
    assert Slots(tmp_path, 2).count_free() == 1
    os.close(held.pop())


def test_held_by_who_inherits_it_until_killed(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    fd = slots.take()
    heir = subprocess.Popen(["sleep", "60"], pass_fds=[fd])
    os.close(fd)
    try:
        assert slots.count_free() == 0
    finally:
        heir.kill()
        heir.wait()
    assert slots.count_free() == 1
