"""How much one pass stores, by the time that it may take and that the store needs."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.workspaces import ingest_of

from trackboard.model import WriterId
from trackboard.ports import Batch
from trackboard.spool.layout import FLOAT_SCALAR, pack_record
from trackboard.testing.memory import MemorySpools, MemoryStore

KIB = 1 << 10
SERIES = pack_record(b'{"k":"series","id":1,"run":"r","name":"n"}')
POINT = pack_record(FLOAT_SCALAR.pack(3, 0, 0, 1, 0, 1.0, 2.0))


class Slow(MemoryStore):
    """A store that takes a time for each byte, on a clock of its own."""

    def __init__(self, bytes_per_s: float) -> None:
        super().__init__()
        self.bytes_per_s = bytes_per_s
        self.now_s = 1000.0
        self.sizes: list[list[int]] = []  # of the batches, by transaction

    def apply(self, batches: Sequence[Batch]) -> None:
        super().apply(batches)
        sizes = [batch.end.offset - batch.start.offset for batch in batches]
        self.sizes.append(sizes)
        self.now_s += sum(sizes) / self.bytes_per_s

    def totals(self) -> list[int]:
        """The bytes of each transaction, in KiB."""
        return [round(sum(sizes) / KIB) for sizes in self.sizes]


class Place:
    """Spools of so many bytes, and a reader of them."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, bytes_per_s: float, *sizes: int
    ) -> None:
        self.spools, self.store = MemorySpools(), Slow(bytes_per_s)
        for number, size in enumerate(sizes):
            self.receive(number, SERIES + POINT * ((size - len(SERIES)) // len(POINT)))
        self.ingest = ingest_of(folder, self.store, source=self.spools)
        monkeypatch.setattr(time, "monotonic", lambda: self.store.now_s)

    def receive(self, number: int, data: bytes) -> None:
        self.spools.receive(WriterId(f"{number:032}"), 0, data)


@pytest.mark.parametrize(
    ("kib_per_s", "budget_s", "totals"),
    [
        (1e9, 0.1, [128, 512, 2048, 4096, 3456]),  # in ever larger pieces
        (128 / 0.02, 0.1, [128, 512]),  # the second fills the time
        (128 / 0.04, 0.1, [128, 192]),  # as much as the time is for
        (128 / 0.05, 0.1, [128, 128]),
        (128 / 0.06, 0.1, [128]),  # another piece would end too late
        (128 / 9.0, 0.1, [128]),
        (128 / 0.06, 0.0, [128]),  # something is always stored
    ],
)
def test_a_pass_ends_about_when_it_should(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kib_per_s: float,
    budget_s: float,
    totals: list[int],
) -> None:
    location = Place(tmp_path, monkeypatch, kib_per_s * KIB, 10_240 * KIB)
    done = location.ingest.run_pass(budget_s)
    assert done is not None
    assert location.store.totals() == totals
    assert round(done.unread_bytes / KIB) == 10_240 - sum(totals)
    assert done.was_complete is (sum(totals) == 10_240)


def test_what_is_little_is_stored_together_and_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = (300 * KIB, 10 * KIB, 400 * KIB, 3 * KIB, 16 * KIB)
    location = Place(tmp_path, monkeypatch, 128 * KIB / 9.0, *sizes)
    location.ingest.run_pass(0.0)
    (first,) = location.store.sizes
    assert [round(size / KIB) for size in first[:3]] == [3, 10, 16]
    assert round(sum(first) / KIB) == 128
    assert round(first[3] / KIB) == 99, "one flood, with all that is left"


def test_floods_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    location = Place(tmp_path, monkeypatch, 128 * KIB / 9.0, *[600 * KIB] * 3)
    stored: list[int] = []
    for _ in range(6):
        location.ingest.run_pass(0.0)
        stored.append(sum(at.offset > KIB for at in location.store.positions().values()))
    assert stored == [1, 2, 3, 3, 3, 3]
    offsets = {round(at.offset / KIB) for at in location.store.positions().values()}
    assert offsets == {256}


def test_a_flood_that_has_become_little_is_first_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = Place(tmp_path, monkeypatch, 128 * KIB / 9.0, 140 * KIB, 600 * KIB)
    location.ingest.run_pass(0.0)
    location.ingest.run_pass(0.0)
    positions = {
        int(name): round(at.offset / KIB) for name, at in location.store.positions().items()
    }
    assert positions == {0: 140, 1: 116}
