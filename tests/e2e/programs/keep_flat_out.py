"""Begins runs one after the other, each with a file of its own and one that all share; counts them.

Arguments: the spools' folder, the experiment, and how many runs; 0: until it is ended.
"""

import io
import itertools
import sys
import time
from pathlib import Path

from trackboard.record import Recorder

spools, experiment, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
recorder = Recorder(spools)
for number in itertools.count():
    if number == most and most:
        break
    run = recorder.create_run(experiment, name=f"n{number}")
    for path, data in (
        ("own", f"{experiment} {number} ".encode() * 1000),
        ("shared", b"what all have" * 1000),
        ("turn", f"turn {number % 3}".encode() * 1000),
    ):
        key, size_bytes = run.put_file(io.BytesIO(data))
        run.add_file(path, key, size_bytes)
    run.log("loss", 1.0 / (number + 1))
    run.complete()
    time.sleep(0.05)  # as fast as anybody looks at runs
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
recorder.close()
