"""Record a run during which the wall clock is set back by an hour.

set_the_clock_back.py SPOOL
"""

import sys
import time
from pathlib import Path

_real = time.time
_shift_s = [0.0]
time.time = lambda: (
    _real() - _shift_s[0]
)  # nobody else's clock can be set: before anything is imported

from trackboard.record import Recorder  # noqa: E402


def main() -> None:
    run = Recorder(Path(sys.argv[1])).create_run("clock")
    for number in range(100):
        run.log("n", number)
    time.sleep(0.2)
    _shift_s[0] = 3600.0
    for number in range(100, 200):
        run.log("n", number)
    run.complete()


if __name__ == "__main__":
    main()
