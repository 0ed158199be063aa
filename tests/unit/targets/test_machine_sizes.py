from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.targets.machine import Machine
from trackboard.targets.machine_sizes import list_offers


@pytest.mark.parametrize(
    ("cpus", "shares"), [(1, [1]), (2, [1, 2]), (7, [1, 7]), (12, [1, 2, 3, 4, 6, 12])]
)
def test_the_whole_machine_and_its_equal_shares(
    tmp_path: Path, cpus: int, shares: list[int]
) -> None:
    offers = list_offers(tmp_path, Machine(cpus, 16 << 30, ()))
    assert [offer.shares for offer in offers] == shares
    assert [offer.cpus * offer.shares for offer in offers] == [cpus] * len(shares)
    assert [offer.name for offer in offers] == [f"LOCAL_1_OF_{one}" for one in shares]


def test_a_share_has_its_part_of_everything(tmp_path: Path) -> None:
    whole, _, quarter = list_offers(tmp_path, Machine(4, 16 << 30, ("0", "GPU-7f", "2")))
    assert (whole.memory_bytes, quarter.memory_bytes) == (16 << 30, 4 << 30)
    assert (whole.gpus, quarter.gpus) == (3, 0)
    assert quarter.disk_bytes == whole.disk_bytes // 4
