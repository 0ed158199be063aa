"""The folder of one writer: made aside, held alive, filled with segments."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from typing import Optional

from trackboard.layout import make_folder, make_workspace_folder
from trackboard.model import WriterId, new_writer_id
from trackboard.spool import alive, descriptors
from trackboard.spool.events import encode_json
from trackboard.spool.layout import ALIVE, FORMAT, pack_record, segment_name
from trackboard.spool.segment import OpenSegment

_MAX_TRIES = 1_000


class SpoolFolder:
    """A spool that this process writes.

    Args:
        path: Its folder.
        alive_fd: The descriptor that holds the lock of its file `alive`.
        continues: The writer for which it goes on, or "".
    """

    def __init__(self, path: Path, alive_fd: int, continues: str) -> None:
        self.path = path
        self.writer = WriterId(path.name)
        self.continues = continues
        self.is_described = not continues  # it holds what describes the runs that go on
        self.last_writer = WriterId(continues)  # the last writer of which anything can be read
        self._alive_fd = alive_fd
        self._alive = descriptors.identify(os.fstat(alive_fd))
        self._numbers = itertools.count()  # none is ever tried twice
        self._before = {"number": -1, "bytes": 0}

    @classmethod
    def make(cls, spool_folder: Path, continues: str = "") -> SpoolFolder:
        """Make the folder aside, so that whoever sees it can ask whether its writer lives.

        Raises:
            OSError: The disk refuses.
        """
        writer = new_writer_id()
        if not spool_folder.is_dir():  # somebody deleted the whole workspace
            make_workspace_folder(spool_folder.parent)
        temporary = spool_folder / f".{writer}"
        make_folder(temporary)
        alive_fd = -1
        try:
            alive_fd = descriptors.move_up(alive.hold(temporary))
            temporary.rename(spool_folder / writer)
            return cls(spool_folder / writer, alive_fd, continues)
        except BaseException:
            if alive_fd >= 0:
                os.close(alive_fd)
            with descriptors.IgnoredRefusals():
                (temporary / ALIVE).unlink(missing_ok=True)
                temporary.rmdir()
            raise

    def begin_segment(self, *, max_tries: int = _MAX_TRIES) -> Optional[OpenSegment]:
        """Begin a segment under a number that was never tried; None when the folder is gone.

        Args:
            max_tries: How many names may be taken, by what interruptions left.

        Raises:
            OSError: The disk refuses.
        """
        for number in itertools.islice(self._numbers, max_tries):
            header = {"k": "segment", "format": FORMAT, "writer": self.writer, "number": number}
            header["before"] = self._before
            if self.continues and self._before["number"] < 0:
                header["continues"] = self.continues
            path = self.path / segment_name(number)
            try:
                segment = OpenSegment.begin(path, number, pack_record(encode_json(header)))
                self.last_writer = self.writer
                return segment
            except FileExistsError:  # an interruption, or a disk that refused to delete it
                continue
            except OSError as error:
                if error.errno in descriptors.GONE:
                    return None
                raise
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(self.path))

    def seal(self, segment: OpenSegment) -> None:
        """Take down where a segment ends, for the next one to say."""
        segment.seal()
        self._before = {"number": segment.number, "bytes": segment.size_bytes}

    def holds(self, segment: OpenSegment) -> bool:
        """Whether a segment is in its place, and readers can see that its writer lives."""
        return self.is_in_place() and segment.is_in_place()

    def is_in_place(self) -> bool:
        """Whether readers can see that its writer lives."""
        return descriptors.is_in_place(self._alive_fd, self._alive, self.path / ALIVE)

    def release(self) -> None:
        """Let go of the lock: nothing follows. May be repeated."""
        fd, self._alive_fd = self._alive_fd, -1
        descriptors.close(fd, self._alive)
