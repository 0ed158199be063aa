"""How much room files take."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def measure(path: Path) -> int:
    """The sizes of all files below a folder, or of a file, in bytes; 0 of what is not there.

    Args:
        path: A history in use is measured as it is while this looks.
    """
    found, waiting = 0, [os.fspath(path)]
    while waiting:
        location = waiting.pop()
        with contextlib.suppress(OSError):  # it went meanwhile, or is another user's
            if os.path.islink(location) or not os.path.isdir(location):
                found += os.lstat(location).st_size
                continue
            with os.scandir(location) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        with contextlib.suppress(OSError):
                            found += entry.stat(follow_symlinks=False).st_size
    return found
