"""Store what the spools of a workspace hold, in processes that are killed at random moments.

    read_and_die.py WORKSPACE KILLS SEED

Everything is loaded once; each reader is a fork, killed up to 60 ms after it has begun to store.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import trackboard.stores.engine.sqlite  # noqa: F401 - loaded before the forks, as all that a reader needs
from trackboard.workspace import Workspace


def main() -> None:
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    for _ in range(kills):
        ours, theirs = os.pipe()
        reader = os.fork()
        if reader == 0:
            os.close(ours)
            _read(folder, theirs)
        os.close(theirs)
        began = os.read(ours, 1)
        time.sleep(chance.uniform(0, 0.06))
        os.kill(reader, signal.SIGKILL)
        _, status = os.waitpid(reader, 0)
        os.close(ours)
        if not began or not os.WIFSIGNALED(status):
            sys.exit(f"a reader ended by itself: {status}")


def _read(folder: Path, tell: int) -> None:
    """Never returns: whatever goes wrong ends the process, which the parent sees."""
    try:
        workspace = Workspace.open(folder)
        workspace.store.version()
        os.write(tell, b"!")
        while True:
            workspace.drain()
    finally:
        os._exit(3)


if __name__ == "__main__":
    main()
