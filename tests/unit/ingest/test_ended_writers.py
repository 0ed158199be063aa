"""What becomes of the runs of a writer that will never write again, and of its spool."""

import errno
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.workspaces import ingest_of

from trackboard.errors import Unavailable
from trackboard.ingest import Ingest
from trackboard.ingest.quarantine import MOST_REFUSED
from trackboard.ingest.silence import ELSEWHERE_S
from trackboard.layout import WorkspacePaths
from trackboard.model import Liveness, Run, RunId, RunKind, RunState, WriterId
from trackboard.ports import Spool, SpoolArea, WriterProcess
from trackboard.record import Recorder
from trackboard.spool import list_segments
from trackboard.spool.layout import pack_record
from trackboard.spool.reader import read_segment
from trackboard.testing.memory import MemorySpools, MemoryStore

RUN = RunId("r")


class Place:
    """An inbox with the spool of one process, and who reads it."""

    def __init__(self, folder: Path, spools: MemorySpools) -> None:
        self.paths = WorkspacePaths(folder)
        self.spools = spools
        self.store = MemoryStore()
        self.now_s = 1000.0
        self.ingest = self.reader()

    def reader(self) -> Ingest:
        folder, clock = self.paths.folder, lambda: self.now_s
        return ingest_of(folder, self.store, source=self.spools, clock=clock)

    def say(self, record: Callable[[Recorder], object], *, ends: bool = False) -> WriterId:
        """Bring what a process says, and whether it says that nothing follows."""
        with tempfile.TemporaryDirectory() as name:
            recorder = Recorder(Path(name))
            record(recorder)
            writer = recorder.writer.writer
            if ends:
                recorder.close()
            for number, size in list_segments(Path(name) / writer):
                data = read_segment(Path(name) / writer, number, 0, size)
                self.spools.receive(writer, number, data)
            recorder.close()
        return writer

    def run(self, run: RunId = RUN) -> Run:
        found = self.store.find_run(run)
        assert found is not None
        return found


@pytest.fixture
def location(tmp_path: Path) -> Place:
    return Place(tmp_path, MemorySpools())


def a_run(recorder: Recorder) -> None:
    recorder.create_run("exp", run_id=RUN)


def a_job(recorder: Recorder) -> None:
    recorder.create_run("exp", run_id=RUN, kind=RunKind.JOB)
    recorder.attach(RUN, owner=True, attempt=1).set_state(RunState.RUNNING)


HERE = WriterProcess("host", 7, is_of_this_boot=True, is_of_this_machine=True)
BEFORE = WriterProcess("host", 7, is_of_this_boot=False, is_of_this_machine=True)


@pytest.mark.parametrize(
    ("record", "ends", "process", "cause"),
    [
        (a_run, False, HERE, "process 7 on host died before the run was completed"),
        (a_run, True, HERE, "process 7 on host ended before the run was completed"),
        (a_run, False, None, "the process died before the run was completed"),
        (a_run, False, BEFORE, "the machine restarted while it ran"),
        (a_run, True, BEFORE, "process 7 on host ended before the run was completed"),
        (
            *(a_job, False, HERE),
            "the job's worker, process 7 on host, died before the run was completed",
        ),
    ],
)
def test_a_run_that_nobody_completed_says_why(
    location: Place,
    record: Callable[[Recorder], object],
    ends: bool,
    process: WriterProcess | None,
    cause: str,
) -> None:
    writer = location.say(record, ends=ends)
    location.spools.set_liveness(writer, Liveness.DEAD, process)
    location.ingest.drain()
    assert (location.run().state, location.run().cause) == (RunState.FAILED, cause)
    assert location.run().ended_s is not None
    assert location.spools.list_spools() == {}


@pytest.mark.parametrize("liveness", [Liveness.ALIVE, Liveness.UNKNOWN])
def test_who_may_write_again_keeps_spool_and_runs(location: Place, liveness: Liveness) -> None:
    writer = location.say(a_run)
    location.spools.set_liveness(writer, liveness, HERE)
    for _ in range(3):
        location.now_s += 10 * ELSEWHERE_S
        location.ingest.drain()
    assert location.run().state is RunState.RUNNING
    assert list(location.spools.list_spools()) == [writer]
    assert location.store.positions().keys() == {writer}


def test_a_spool_that_was_set_aside_is_removed_after_a_second_silence(tmp_path: Path) -> None:
    location = Place(tmp_path, MemorySpools(is_local=False))
    writer = location.say(a_run)
    location.spools.set_liveness(writer, Liveness.UNKNOWN, BEFORE)
    location.ingest.drain()
    assert location.run().state is RunState.RUNNING
    location.now_s += ELSEWHERE_S + 1
    location.ingest.drain()
    assert location.run().cause == "the machine restarted while it ran"
    assert location.spools.list_spools() == {}
    assert list(location.spools.list_set_aside(SpoolArea.SILENT)) == [writer]
    location.ingest.drain()
    location.now_s += ELSEWHERE_S
    location.ingest.drain()
    assert list(location.spools.list_set_aside(SpoolArea.SILENT)) == [writer]
    location.now_s += 1
    location.ingest.drain()
    assert location.spools.list_set_aside(SpoolArea.SILENT) == {}


def test_whoever_was_killed_while_it_set_a_spool_aside_is_finished_for(location: Place) -> None:
    writer = location.say(a_run)
    location.ingest.drain()
    location.spools.set_aside(location.spools.list_spools()[writer], SpoolArea.QUARANTINE)
    location.ingest.drain()
    assert location.run().state is RunState.RUNNING, "another process's next pass does it"
    location.reader().drain()
    assert location.run().state is RunState.FAILED
    assert location.run().cause.startswith("its stream was set aside: too many records")
    assert location.store.positions() == {}


class Stuck(MemorySpools):
    """A source that moves nothing."""

    error = OSError(errno.EACCES, "Permission denied")

    def set_aside(self, spool: Spool, area: SpoolArea) -> Spool:
        del spool, area
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [(Stuck.error, "Permission denied"), (OSError("no words"), "no words")],
)
def test_a_spool_that_cannot_be_moved_is_said_and_keeps_no_other_waiting(
    tmp_path: Path, error: OSError, said: str
) -> None:
    source = Stuck(is_local=False)
    source.error = error
    location = Place(tmp_path, source)
    writer = location.say(a_run)
    source.set_liveness(writer, Liveness.UNKNOWN, BEFORE)
    location.ingest.drain()
    location.now_s += ELSEWHERE_S + 1
    location.say(lambda recorder: recorder.create_run("exp", run_id=RunId("other")))
    with pytest.raises(Unavailable) as caught:
        location.ingest.drain()
    assert caught.value.message == f"the spool inbox/{writer} could not be moved: {said}"
    assert location.run(RunId("other")).state is RunState.RUNNING
    assert location.run().state is RunState.RUNNING
    assert writer in location.spools.list_spools()


def test_a_spool_of_too_many_odd_records_is_left_and_its_runs_end(location: Place) -> None:
    bad = location.say(a_run)
    location.ingest.drain()
    location.spools.receive(bad, 0, pack_record(b"{") * (MOST_REFUSED - 1))
    done = location.ingest.run_pass()
    assert done is not None
    assert (done.stuck, done.was_complete) == (frozenset(), True)
    assert location.run().state is RunState.RUNNING
    location.spools.receive(bad, 0, pack_record(b"{"))
    location.say(lambda recorder: recorder.create_run("exp", run_id=RunId("other")))
    done = location.ingest.run_pass()
    assert done is not None
    assert (done.stuck, done.was_complete, done.unread_bytes) == (frozenset((bad,)), True, 0)
    assert location.run().cause.startswith("its stream was set aside")
    assert list(location.spools.list_set_aside(SpoolArea.QUARANTINE)) == [bad]
    assert location.run(RunId("other")).state is RunState.RUNNING
    assert len(location.store.list_refused()) == MOST_REFUSED
