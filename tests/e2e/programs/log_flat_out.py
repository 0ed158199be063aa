"""Log as fast as possible until killed. What returned is counted in shared memory.

    log_flat_out.py SPOOL COUNTERS EXPERIMENT VARIANT

COUNTERS is a file of two int64: points logged by this process; points logged by its forked child, or
runs completed.
"""

import mmap
import os
import sys
import time
from pathlib import Path

from trackboard.record import LiveRun, Recorder

_SMALL_SEGMENT = 64 << 10
_POINTS_PER_RUN = 20
_FLAT_OUT = 200_000  # then slowly: a reader that gets no processor must not have ever more to read


def main() -> None:
    spool, counters, experiment, variant = sys.argv[1:]
    file = os.open(counters, os.O_RDWR)
    counted = memoryview(mmap.mmap(file, 16)).cast("q")
    segment_bytes = 16 << 20 if variant == "plain" else _SMALL_SEGMENT
    recorder = Recorder(Path(spool), segment_bytes=segment_bytes)
    if variant == "complete":
        _log_and_complete(recorder, experiment, counted)
    run = recorder.create_run(experiment)
    if variant == "fork":
        while counted[0] < 100:
            _log(run, "n", counted, 0)
        if os.fork() == 0:
            while True:
                _log(run, "forked", counted, 1)
    while True:
        _log(run, "n", counted, 0)


def _log(run: LiveRun, name: str, counted: "memoryview[int]", place: int) -> None:
    """The next number: every third as an int, so that both kinds of record are torn."""
    number = counted[place]
    if number > _FLAT_OUT:
        time.sleep(0.001)
    run.log(name, number if number % 3 == 0 else float(number))
    counted[place] = number + 1


def _log_and_complete(recorder: Recorder, experiment: str, counted: "memoryview[int]") -> None:
    """Runs that log a little and complete; every other one is a child, which is not synced."""
    while True:
        root = recorder.create_run(experiment)
        for run in (root.child(), root):
            for _ in range(_POINTS_PER_RUN):
                _log(run, "n", counted, 0)
            run.complete()
            counted[1] += 1


if __name__ == "__main__":
    main()
