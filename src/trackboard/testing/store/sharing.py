"""What stores promise that several threads, processes and forks share."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from trackboard.errors import Conflict
from trackboard.model import QueuedJob, RunId, RunState
from trackboard.ports import Store
from trackboard.testing.speaker import Speaker, created, moved, numbers

Opener = Callable[[], Store]
_PATIENCE_S = 60.0


def in_children(count: int, work: Callable[[int], None]) -> list[int]:
    """Fork `count` children that do `work(index)`; their exit codes, 0 when it went well."""
    pids = []
    for index in range(count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside numpy's threads
            pid = os.fork()
        if pid == 0:
            _work_and_leave(index, work)
        pids.append(pid)
    return [_exit_code(pid) for pid in pids]


def _work_and_leave(index: int, work: Callable[[int], None]) -> None:
    code = 1
    try:
        work(index)
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)  # never back into the test


def _exit_code(pid: int) -> int:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -signal.SIGKILL


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Do `work(index)` in threads at once; raises the first of their errors."""
    pool = ThreadPoolExecutor(count)
    try:
        for future in [pool.submit(work, index) for index in range(count)]:
            future.result(_PATIENCE_S)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class ThreadContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_threads_write_and_read_together(self, store: Store) -> None:
        def work(index: int) -> None:
            speaker = Speaker()
            for number in range(20):
                points = [numbers("r", f"m{index}", [float(number)], steps=[number])]
                store.apply([speaker.batch(points=points)])
                store.set_tags(RunId("r"), {f"{index}.{number}": None})
                (series,) = store.list_series(names=[f"m{index}"])
                assert store.read_points([series.id])[series.id].steps.tolist()[-1] == number

        in_threads(4, work)
        assert [series.count for series in store.list_series()] == [20] * 4
        assert len(store.get_tags(RunId("r"))) == 80

    def test_one_batch_offered_by_many_is_stored_once(self, store: Store) -> None:
        batch = Speaker().batch(created("r"), points=[numbers("r", "m", [1.0, 2.0])])
        refused: list[Conflict] = []

        def work(_: int) -> None:
            try:
                store.apply([batch])
            except Conflict as error:
                refused.append(error)

        in_threads(8, work)
        assert len(refused) == 7
        assert [series.count for series in store.list_series()] == [2]

    def test_no_two_claim_the_same_job(self, store: Store) -> None:
        for number in range(20):
            store.add_job(QueuedJob(RunId(f"r{number}"), "c", 1.0, claimed=False))
        claimed: list[str] = []

        def work(_: int) -> None:
            while (job := store.claim_job("c")) is not None:
                claimed.append(job.run)

        in_threads(4, work)
        assert sorted(claimed) == sorted(f"r{number}" for number in range(20))

    def test_closing_may_be_repeated(self, store: Store) -> None:
        store.close()
        store.close()


class SharingContract(ThreadContract):
    """Adds what holds between processes; subclass it with a fixture `open_store` as well.

    `open_store` opens the store behind `store` once more, also in another process.
    """

    def test_what_one_handle_wrote_another_reads(self, store: Store, open_store: Opener) -> None:
        speaker = Speaker()
        store.apply([speaker.batch(created("r"), points=[numbers("r", "m", [1.0])])])
        other = open_store()
        assert other.position(speaker.writer) == speaker.at
        assert other.list_runs() == store.list_runs()
        assert other.list_series() == store.list_series()
        assert other.version() == store.version()
        other.close()

    def test_two_handles_append_to_one_series_in_turn(
        self, store: Store, open_store: Opener
    ) -> None:
        other, speaker = open_store(), Speaker()
        for turn in range(60):
            here = (store, other)[turn % 2]
            steps = list(range(turn * 10, turn * 10 + 10))
            points = [numbers("r", "m", [float(step) for step in steps], steps=steps)]
            here.apply([speaker.batch(points=points)])
            if turn % 7 == 0:
                other.set_tags(RunId("r"), {"turn": str(turn)})
            if turn == 30:
                other.apply([Speaker().batch(moved("r", RunState.COMPLETED, 0))])
        (series,) = store.list_series()
        found = store.read_points([series.id])[series.id]
        assert found.steps.tolist() == found.values.tolist() == list(range(600))
        assert (series.count, series.max_value) == (600, 599.0)
        other.close()

    def test_processes_write_together(self, store: Store, open_store: Opener) -> None:
        def work(index: int) -> None:
            mine, speaker = open_store(), Speaker()
            for number in range(25):
                steps = list(range(number * 10, number * 10 + 10))
                own = numbers("r", f"m{index}", [float(step) for step in steps], steps=steps)
                shared = numbers("r", "shared", [float(index)], steps=[None])
                run = created(f"r{index}.{number}")
                mine.apply([speaker.batch(run, points=[own, shared])])
            mine.close()

        assert in_children(4, work) == [0] * 4
        counts = {series.name: series.count for series in store.list_series()}
        assert counts == {"shared": 100} | {f"m{index}": 250 for index in range(4)}
        (shared,) = store.list_series(names=["shared"])
        assert store.read_points([shared.id])[shared.id].steps.tolist() == list(range(100))
        numbered = sorted(run.number for run in store.list_runs(experiment="exp"))
        assert numbered == list(range(1, 101))

    def test_one_batch_offered_by_many_processes_is_stored_once(
        self, store: Store, open_store: Opener
    ) -> None:
        batches = [
            Speaker().batch(points=[numbers("r", "m", [float(index)], steps=[None])])
            for index in range(20)
        ]

        def work(_: int) -> None:
            mine = open_store()
            for batch in batches:
                try:
                    mine.apply([batch])
                except Conflict:
                    continue

        assert in_children(4, work) == [0] * 4
        (series,) = store.list_series()
        found = store.read_points([series.id])[series.id]
        assert sorted(found.values.tolist()) == list(range(20))

    def test_a_fork_uses_the_store_it_inherited(self, store: Store) -> None:
        parent = Speaker()
        store.apply([parent.batch(created("r"), points=[numbers("r", "m", [0.0])])])

        def work(index: int) -> None:
            assert store.find_run(RunId("r")) is not None
            speaker = Speaker()
            for _ in range(10):
                points = [numbers("r", "m", [float(index)], steps=[None])]
                store.apply([speaker.batch(points=points)])
            store.close()

        assert in_children(3, work) == [0] * 3
        store.apply([parent.batch(points=[numbers("r", "m", [9.0], steps=[None])])])
        (series,) = store.list_series()
        assert store.read_points([series.id])[series.id].steps.tolist() == list(range(32))

    def test_a_fork_amid_writes_is_not_stuck(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"))])
        stop = threading.Event()

        def write(_: int) -> None:
            speaker = Speaker()
            points = numbers("r", "m", [1.0] * 50, steps=[None] * 50)
            while not stop.is_set():
                store.apply([speaker.batch(points=[points])])

        def mark(_: int) -> None:
            store.set_tags(RunId("r"), {str(os.getpid()): None})

        def fork() -> None:
            try:
                for _ in range(10):
                    assert in_children(1, mark) == [0]
            finally:
                stop.set()

        in_threads(3, lambda index: fork() if index == 0 else write(index))
        assert len(store.get_tags(RunId("r"))) == 10
        (series,) = store.list_series()
        found = store.read_points([series.id])[series.id]
        assert found.steps.tolist() == list(range(series.count))

    @pytest.mark.parametrize("moment_s", [0.0, 0.003, 0.01, 0.03])
    def test_a_killed_writer_leaves_whole_batches(
        self, store: Store, open_store: Opener, moment_s: float
    ) -> None:
        writer = Speaker()

        def work(_: int) -> None:
            mine, index = open_store(), 0
            while True:
                points = [numbers("r", f"m{k}", [float(index)] * 300) for k in range(3)]
                mine.apply([writer.batch(points=points)])
                index += 1

        def kill(pid: int) -> None:
            deadline = time.monotonic() + _PATIENCE_S
            while not store.list_series() and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(moment_s)
            os.kill(pid, signal.SIGKILL)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _work_and_leave(0, work)
        kill(pid)
        assert _exit_code(pid) == -signal.SIGKILL
        batches = store.position(writer.writer).offset // 64
        assert batches >= 1
        listed = store.list_series()
        assert [series.count for series in listed] == [300 * batches] * 3
        for points in store.read_points([series.id for series in listed]).values():
            assert points.values.tolist() == [float(i) for i in range(batches) for _ in range(300)]
