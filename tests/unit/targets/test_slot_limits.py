"""Limits of the slots of a machine: equal where nothing is said, and every GPU to as few jobs as possible."""

import pytest

from trackboard.errors import UsageError
from trackboard.model import ResourceLimits
from trackboard.targets.machine import Machine
from trackboard.targets.slot_limits import SlotLimits

_MACHINE = Machine(cpus=8, memory_bytes=1 << 34, gpus=("0", "1", "2", "3"))


def _gpus(slots: int, machine: Machine = _MACHINE, wanted: int | None = None) -> list[object]:
    shares = SlotLimits(gpus=wanted)
    return [shares.of(slot, slots, machine).gpus for slot in range(slots)]


def test_equal_parts() -> None:
    assert SlotLimits().of(1, 2, _MACHINE) == ResourceLimits(
        cpus=4, memory_bytes=None, gpus=("2", "3")
    )
    assert SlotLimits().of(0, 3, _MACHINE).cpus == 2
    assert SlotLimits().of(0, 100, _MACHINE).cpus == 1


def test_what_the_settings_say() -> None:
    limits = SlotLimits(cpus=3, memory_bytes=1 << 30, gpus=1).of(1, 2, _MACHINE)
    assert limits == ResourceLimits(cpus=3, memory_bytes=1 << 30, gpus=("1",))


def test_gpus_of_their_own() -> None:
    assert _gpus(2) == [("0", "1"), ("2", "3")]
    assert _gpus(3) == [("0",), ("1",), ("2",)]


def test_more_slots_than_gpus() -> None:
    assert _gpus(6) == [("0",), ("1",), ("2",), ("3",), ("0",), ("1",)]
    assert _gpus(3, wanted=2) == [("0", "1"), ("2", "3"), ("0", "1")]


def test_no_gpus() -> None:
    machine = Machine(2, 1 << 30, ())
    assert _gpus(2, machine) == [None, None]  # nothing is hidden where there is nothing
    assert _gpus(1, wanted=0) == [()]  # hidden, as the settings say


def test_more_gpus_than_there_are() -> None:
    shares = SlotLimits(gpus=5)
    with pytest.raises(UsageError, match="shall have 5 GPUs, and this machine has 4") as caught:
        shares.check("gpu-cluster", _MACHINE)
    assert "[compute.gpu-cluster]" in caught.value.hint
    SlotLimits(gpus=4).check("gpu-cluster", _MACHINE)
