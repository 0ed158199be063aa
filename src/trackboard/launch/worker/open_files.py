"""Event files that a job has open where nobody looks for them: at paths outside of its folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from trackboard.model.tensorboard_files import is_event_file


def find_open_event_files(pids: Iterable[int], inside: str) -> set[str]:
    """Look at what processes have open; on Linux only, elsewhere nothing is found.

    Args:
        pids: The processes.
        inside: The real path of the folder in which files are found anyway.
    """
    found: set[str] = set()
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        with suppress(OSError):  # it has ended, or there is no /proc
            for name in os.listdir(folder):
                with suppress(OSError):
                    path = os.readlink(f"{folder}/{name}")
                    if is_event_file(os.path.basename(path)) and os.path.isfile(path):
                        found.add(path)
    return {path for path in found if not path.startswith(inside + os.sep)}
