"""What became of followed files that are gone: renamed, begun again, or just removed.

By what is in the files, not by their names alone: a curve goes where its file went, and a folder that was
cleaned and begun again does not show the points of both lives. What was removed and has no heir stays.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from trackboard.layout.prefix import Prefix
from trackboard.model.tensorboard_files import is_event_file


class MissingFile(NamedTuple):
    """A file that is not where it was.

    Attributes:
        identity: Its device and inode.
        sent: What was read of it.
    """

    identity: tuple[int, int]
    sent: Prefix


def find_replaced(gone: Mapping[str, MissingFile], present: Mapping[str, str]) -> Iterator[str]:
    """Find those of the files whose copies are to go, too.

    Args:
        gone: By their paths within the run.
        present: Where each file is that is there now, by its path.
    """
    if not gone:
        return
    successors: dict[object, list[str]] = defaultdict(list)  # places, by name and by identity
    begun: set[PurePosixPath] = set()  # folders with event files
    for path, location in present.items():
        pure = PurePosixPath(path)
        if is_event_file(pure.name):
            begun.add(pure.parent)
        successors[pure.name].append(location)
        try:
            found = os.stat(location)
        except OSError:
            continue
        successors[found.st_dev, found.st_ino].append(location)
    for path, each in gone.items():
        pure = PurePosixPath(path)
        is_events = is_event_file(pure.name)  # the name of one is that of no other
        candidates = successors[each.identity] + (successors[pure.name] if is_events else [])
        is_begun_again = is_events and pure.parent in begun
        if is_begun_again or any(_begins(location, each.sent) for location in candidates):
            yield path


def _begins(location: str, sent: Prefix) -> bool:
    """Whether a file begins with what was read of another; a freed inode may be a stranger's now."""
    try:
        fd = os.open(location, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return sent.begins(fd, os.fstat(fd).st_size)
    except OSError:
        return False
    finally:
        os.close(fd)
