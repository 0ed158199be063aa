"""Record all kinds of records until killed or told to end; a journal says what returned.

    record_everything.py SPOOL JOURNAL EXPERIMENT SEED [FLAG ...]

threads    eight of them, each with a run of its own, all in one spool
fork       two forks record beside their parent
reopen     the spool is closed and begun again now and then
exit       ends by os._exit somewhere on the way
segfault   ends by SIGSEGV somewhere on the way
alarm      a signal's handler raises at random moments
ctrl-c     the same with KeyboardInterrupt
handler    a signal's handler records, too
slow       some 1,000 records a second; before the end it waits until a disk was asked again
told       a line on the standard input ends it: what follows is recorded in peace, then runs complete;
           says `ended <records that stay lost>`
"""

import ctypes
import functools
import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.stress.journal import (
    ATTEMPTED,
    IN_PEACE,
    KINDS,
    LANES,
    LINE_BYTES,
    NUMBERS,
    RETURNED,
    Journal,
)

from trackboard.errors import TrackboardError
from trackboard.model import ArtifactKind
from trackboard.record import LiveRun, Recorder

_DIGEST = "sha256:" + 64 * "0"
_WEIGHTS = [30, 10, 10, 10, 6, 6, 4, 2, 2, 6, 2, 2, 1]
_SEGMENTS = (4 << 10, 64 << 10, 16 << 20)
_IN_PEACE = 20  # of each kind
_FORKS, _THREADS = 2, LANES


class Interruption(Exception):
    """Raised by the signal's handler."""


class Call:
    """Whether a call is being made, so that nothing but calls is interrupted.

    What a signal handler records meanwhile is promised only when the call has returned: it may wait
    in memory until then.
    """

    def __init__(self) -> None:
        self.is_made = False
        self.promises: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        self.is_made = True

    def __exit__(self, *_: object) -> None:
        self.is_made = False
        while self.promises:
            self.promises.pop(0)()


class Lane:
    """One run, and the numbers that its records carry."""

    def __init__(self, recorder: Recorder, journal: Path, experiment: str, index: int) -> None:
        self.recorder, self.journal, self.index = recorder, Journal(journal), index
        self.experiment = experiment
        self.call = Call()
        self.interrupts: Call | None = None  # for a signal handler's lane: what it comes in between
        self.run: LiveRun | None = None
        self.next = dict.fromkeys(KINDS, 0)
        self.is_in_peace = False

    def begin(self) -> LiveRun:
        """Create the run; again when that was interrupted."""
        if self.run is None:
            run_id = f"{self.experiment}-{self.index}"
            self.run = self.recorder.create_run(self.experiment, name="lane", run_id=run_id)
        return self.run

    def record(self, kind: str) -> None:
        """Record the next number of a kind."""
        with self.call:
            run = self.begin()
        number = self.next[kind]
        if number >= NUMBERS:
            time.sleep(0.001)
            return
        self.next[kind] = number + 1
        self.journal.mark(self.index, kind, number, ATTEMPTED)
        with self.call:
            getattr(self, f"_{kind}")(run, number)
        state = IN_PEACE if self.is_in_peace else RETURNED
        promise = functools.partial(self.journal.mark, self.index, kind, number, state)
        if self.interrupts is not None and self.interrupts.is_made:
            self.interrupts.promises.append(promise)
        else:
            promise()

    def _float(self, run: LiveRun, number: int) -> None:
        run.log("float", float(number), number)

    def _int(self, run: LiveRun, number: int) -> None:
        run.log("int", number, number)

    def _bool(self, run: LiveRun, number: int) -> None:
        run.log("bool", number % 2 == 0, number)

    def _counted(self, run: LiveRun, number: int) -> None:
        run.log("counted", float(number))

    def _text(self, run: LiveRun, number: int) -> None:
        run.log("text", str(number), number)

    def _row(self, run: LiveRun, number: int) -> None:
        run.log_row("table", {"row": number, "same": str(number)})

    def _tag(self, run: LiveRun, number: int) -> None:
        run.set_tag("tag", str(number))

    def _property(self, run: LiveRun, number: int) -> None:
        run.add_property(f"p{number}", str(number))

    def _parameter(self, run: LiveRun, number: int) -> None:
        run.set_parameter(f"q{number}", number)

    def _bytes(self, run: LiveRun, number: int) -> None:
        run.append_bytes("logs/lines.txt", LINE_BYTES * number, b"%08d\n" % number)

    def _file(self, run: LiveRun, number: int) -> None:
        run.add_file(f"f{number}", _DIGEST, number)

    def _image(self, run: LiveRun, number: int) -> None:
        run.log_artifact("image", ArtifactKind.IMAGE, f"{number}.png", _DIGEST, number, number)

    def _child(self, run: LiveRun, number: int) -> None:
        child = run.child(str(number), run_id=f"{run.id}-{number}")
        child.log("x", float(number))
        child.complete()


class Program:
    """Lanes, and what is done to them."""

    def __init__(self, spool: Path, journal: Path, experiment: str, seed: int, flags: set[str]):
        self.chance, self.flags = random.Random(seed), flags
        self.recorder = Recorder(spool, segment_bytes=self.chance.choice(_SEGMENTS))
        count = LANES - 1 if flags & {"threads", "fork", "handler"} else 1
        self.lanes = [Lane(self.recorder, journal, experiment, n) for n in range(count)]
        self.of_handler = Lane(self.recorder, journal, experiment, LANES - 1)
        self.of_handler.interrupts = self.lanes[0].call
        self.forks: list[int] = []
        self.is_over = False
        self.is_armed = False

    def main(self) -> None:
        if "fork" in self.flags:
            self.lanes[0].record("float")
            for index in range(1, 1 + _FORKS):
                fork = os.fork()
                if fork == 0:
                    signal.signal(signal.SIGTERM, self._stop)
                    self._record(self.lanes[index])
                    self._end([self.lanes[index]])
                    os._exit(0)
                self.forks.append(fork)
        if "threads" in self.flags:
            threads = [
                threading.Thread(target=self._record, args=(lane,), daemon=True)
                for lane in self.lanes[1:]
            ]
            for thread in threads:
                thread.start()
        self._arm()
        self._record(self.lanes[0])
        self.is_armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if "threads" in self.flags:
            for thread in threads:
                thread.join()
        self._end([lane for lane in self.lanes if "fork" not in self.flags or lane.index == 0])
        for fork in self.forks:
            os.kill(fork, signal.SIGTERM)
            os.waitpid(fork, 0)
        sys.stdout.write(f"ended {self.recorder.writer.lost_count}\n")

    def _stop(self, *_: object) -> None:
        self.is_over = True

    def _record(self, lane: Lane) -> None:
        chance = random.Random(self.chance.random() + lane.index)
        while not self.is_over:
            kind = chance.choices(KINDS, _WEIGHTS)[0]
            try:
                lane.record(kind)
                self._now_and_then(chance, lane)
            except (Interruption, KeyboardInterrupt):
                continue
            except TrackboardError:  # an end that the disk refuses, said: it is no record
                continue

    def _now_and_then(self, chance: random.Random, lane: Lane) -> None:
        if "slow" in self.flags:
            time.sleep(0.001)
        if lane.index == 0 and "told" in self.flags and select.select([0], [], [], 0)[0]:
            self.is_over = True
        elif lane.index == 0 and "reopen" in self.flags and chance.random() < 0.002:
            with lane.call:
                self.recorder.close()
        elif lane.index == 0 and chance.random() < 0.005:
            with lane.call:
                self.recorder.writer.sync()
        elif {"exit", "segfault"} & self.flags and chance.random() < 0.0005:
            if "exit" in self.flags:
                os._exit(9)
            ctypes.string_at(0)

    # -- signals ------------------------------------------------------------------------------------

    def _arm(self) -> None:
        if self.flags & {"alarm", "ctrl-c", "handler"}:
            signal.signal(signal.SIGALRM, self._interrupt)
            self.is_armed = True
            signal.setitimer(signal.ITIMER_REAL, 1e-4)

    def _interrupt(self, *_: object) -> None:
        if not self.is_armed:
            return
        if "handler" in self.flags:  # which is not interrupted itself
            with suppress(TrackboardError):  # an end that cannot be recorded at this moment
                self.of_handler.record(self.chance.choice(KINDS))
        signal.setitimer(signal.ITIMER_REAL, self.chance.uniform(2e-5, 2e-3))
        call = self.lanes[0].call
        if "handler" not in self.flags and call.is_made:
            call.is_made = False
            raise KeyboardInterrupt if "ctrl-c" in self.flags else Interruption

    # -- the end -----------------------------------------------------------------------------------

    def _end(self, lanes: list[Lane]) -> None:
        """Record in peace, then end the runs; a disk that refused has had its time to work again."""
        time.sleep(1.2 if "slow" in self.flags else 0)
        if "handler" in self.flags:
            lanes.append(self.of_handler)
        for lane in lanes:
            lane.begin()
            lane.is_in_peace = True
            for kind in KINDS:
                for _ in range(_IN_PEACE):
                    with suppress(TrackboardError):  # which shows: its mark stays behind
                        lane.record(kind)
        for lane in lanes:
            with suppress(TrackboardError):
                lane.begin().complete()
        self.recorder.close()


if __name__ == "__main__":
    _spool, _journal, _experiment, _seed, *_flags = sys.argv[1:]
    Program(Path(_spool), Path(_journal), _experiment, int(_seed), {*_flags}).main()
