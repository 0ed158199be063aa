"""Who will never write again, by what the kernel says and what is seen."""

import time

import pytest

from trackboard.ingest.liveness import LivenessCheck
from trackboard.ingest.silence import ELSEWHERE_S, Unchanged
from trackboard.model import Liveness, WriterId
from trackboard.ports import Spool, WriterProcess
from trackboard.testing.memory import MemorySpools
from trackboard.testing.memory.spools import MemorySpool

WRITER = WriterId("w" * 32)


class Seen:
    """One writer, on a file system of this machine or of several, and the time."""

    def __init__(self, *, is_local: bool = False) -> None:
        self.spools = MemorySpools(is_local=is_local)
        self.spools.receive(WRITER, 0, b"x")
        self.now_s = 1000.0
        self.check = LivenessCheck(self.spools.is_local, lambda: self.now_s)

    @property
    def spool(self) -> Spool:
        return self.spools.list_spools()[WRITER]

    def tell(
        self, liveness: Liveness = Liveness.UNKNOWN, *, boot: bool = False, machine: bool = False
    ) -> None:
        self.spools.set_liveness(WRITER, liveness, WriterProcess("host", 7, boot, machine))


def test_something_is_unchanged_since_it_was_first_seen_so() -> None:
    now_s = 5.0
    unchanged = Unchanged(lambda: now_s)
    assert unchanged.seconds("a") == 0.0
    now_s = 7.0
    assert unchanged.seconds("a") == 2.0
    now_s = 8.0
    assert unchanged.seconds("b") == 0.0
    now_s = 8.5
    assert unchanged.seconds("b") == 0.5
    assert unchanged.seconds("a") == 0.0
    assert unchanged.seconds(None) == 0.0


@pytest.mark.parametrize(
    ("is_local", "boot", "expected"),
    [(True, False, True), (True, True, True), (False, True, True), (False, False, False)],
)
def test_all_is_seen_of_what_this_machine_writes(
    is_local: bool, boot: bool, expected: bool
) -> None:
    seen = Seen(is_local=is_local)
    seen.tell(boot=boot)
    assert seen.check.is_complete(seen.spool) is expected


@pytest.mark.parametrize("is_local", [True, False])
def test_of_an_unknown_process_all_is_seen_on_the_own_disk_only(is_local: bool) -> None:
    seen = Seen(is_local=is_local)
    assert seen.check.is_complete(seen.spool) is is_local


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    return now_s


def test_the_kernel_is_asked_twice_a_second_and_believed_for_ever(clock: list[float]) -> None:
    seen = Seen()
    seen.tell(Liveness.ALIVE)
    assert not seen.check.is_dead(seen.spool)
    seen.tell(Liveness.DEAD)
    clock[0] += 0.4
    assert not seen.check.is_dead(seen.spool)
    clock[0] += 0.09
    assert not seen.check.is_dead(seen.spool)
    clock[0] += 0.02
    assert not seen.check.is_dead(seen.spool, asks=False)
    assert seen.check.is_dead(seen.spool)
    seen.tell(Liveness.ALIVE)
    assert seen.check.is_dead(seen.spool, asks=False)
    clock[0] += 10
    assert seen.check.is_dead(seen.spool)


@pytest.mark.parametrize("liveness", [Liveness.ALIVE, Liveness.UNKNOWN])
def test_who_is_not_proven_dead_is_not(clock: list[float], liveness: Liveness) -> None:
    seen = Seen()
    seen.tell(liveness)
    for _ in range(3):
        clock[0] += 1
        assert not seen.check.is_dead(seen.spool)


@pytest.mark.parametrize("way", ["clear", "forget"])
def test_what_is_forgotten_is_asked_again(clock: list[float], way: str) -> None:
    seen = Seen()
    seen.tell(Liveness.DEAD)
    assert seen.check.is_dead(seen.spool)
    assert not seen.check.is_silent(seen.spool)
    seen.now_s += ELSEWHERE_S + 1
    assert seen.check.is_silent(seen.spool)
    if way == "clear":
        seen.check.clear()
    else:
        seen.check.forget(WRITER)
        seen.check.forget(WriterId("never seen"))
    assert not seen.check.is_dead(seen.spool, asks=False)
    assert not seen.check.is_silent(seen.spool)
    assert seen.check.is_dead(seen.spool), "within the half second"
    assert clock


def test_a_spool_is_silent_when_nothing_of_it_moves(clock: list[float]) -> None:
    seen = Seen()
    assert clock
    assert not seen.check.is_silent(seen.spool)
    seen.now_s += ELSEWHERE_S
    assert not seen.check.is_silent(seen.spool)
    seen.spools.receive(WRITER, 0, b"y")
    seen.now_s += 1
    assert not seen.check.is_silent(seen.spool)
    seen.now_s += ELSEWHERE_S + 0.1
    assert seen.check.is_silent(seen.spool)


@pytest.mark.parametrize(
    ("is_local", "boot", "machine", "expected"),
    [
        (False, False, True, True),
        (True, False, True, False),
        (False, True, True, False),
        (False, False, False, False),
    ],
)
def test_only_a_former_boot_of_this_machine_is_presumed_dead(
    is_local: bool, boot: bool, machine: bool, expected: bool
) -> None:
    seen = Seen(is_local=is_local)
    seen.tell(boot=boot, machine=machine)
    assert not seen.check.is_presumed_dead(seen.spool)
    seen.now_s += ELSEWHERE_S + 1
    assert seen.check.is_presumed_dead(seen.spool) is expected


def test_nobody_is_presumed_to_be_of_this_machine() -> None:
    seen = Seen()
    assert seen.spool.find_process() is None
    for _ in range(2):
        assert not seen.check.is_presumed_dead(seen.spool)
        seen.now_s += ELSEWHERE_S + 1
    assert isinstance(seen.spool, MemorySpool)
