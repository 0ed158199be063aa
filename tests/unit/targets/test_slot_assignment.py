from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.errors import InternalError
from trackboard.layout import JobPaths
from trackboard.model import ResourceLimits
from trackboard.targets.slot_assignment import HeldSlot, keep_slots, read_slots

SLOTS = (
    HeldSlot(0, ResourceLimits(cpus=2, memory_bytes=1 << 30, gpus=("0", "GPU-7f"))),
    HeldSlot(3, ResourceLimits(gpus=())),
    HeldSlot(4, ResourceLimits()),
)


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    assert read_slots(JobPaths(tmp_path)) == ()
    keep_slots(JobPaths(tmp_path), SLOTS)
    assert read_slots(JobPaths(tmp_path)) == SLOTS
    keep_slots(JobPaths(tmp_path), SLOTS[:1])
    assert read_slots(JobPaths(tmp_path)) == SLOTS[:1]


@pytest.mark.parametrize("text", ["", "[", "[1]", '[{"number": 1}]', "{}x", '[{"slot": 1}]'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "slots.json").write_text(text)
    with pytest.raises(InternalError, match=r"slots\.json cannot be read"):
        read_slots(JobPaths(tmp_path))
