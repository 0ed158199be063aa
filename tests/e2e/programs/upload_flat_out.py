"""Keep files with a run as fast as possible until killed. What returned is counted in shared memory.

    upload_flat_out.py SPOOL COUNTER EXPERIMENT

COUNTER is a file of one int64: files kept. Every third file has the content of an earlier one.
"""

import io
import mmap
import os
import sys
import time
from pathlib import Path

from trackboard.record import Recorder

MOST = 2_000  # then it waits to be killed


def content(number: int) -> bytes:
    """What is in a file."""
    distinct = number if number % 3 else 0
    return b"file %d " % distinct * (1 + distinct * 7919 % 20_000)


def main() -> None:
    spool, counter, experiment = sys.argv[1:]
    counted = memoryview(mmap.mmap(os.open(counter, os.O_RDWR), 8)).cast("q")
    run = Recorder(Path(spool), segment_bytes=16 << 10).create_run(experiment)
    for number in range(MOST):
        key, size_bytes = run.put_file(io.BytesIO(content(number)))
        run.add_file(f"outputs/{number}", key, size_bytes)
        counted[0] = number + 1
    while True:
        time.sleep(1.0)


if __name__ == "__main__":
    main()
