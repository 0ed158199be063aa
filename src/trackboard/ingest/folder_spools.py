"""The spools in a folder: `<folder>/<writer>/`, and beside it what was put aside."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.ingest.removal import remove_leftovers, remove_spool
from trackboard.ingest.set_aside_spools import list_set_aside, set_aside
from trackboard.ingest.silence import unwritten_s
from trackboard.layout.file_system import FileSystem, find_file_system
from trackboard.layout.paths import QUARANTINE, SILENT_SPOOLS
from trackboard.model import Liveness, Segment, WriterId
from trackboard.ports import Blobs, Spool, SpoolArea, SpoolSource, WriterProcess
from trackboard.spool import Writer, list_segments, list_writers, outbox, probe, read_writer
from trackboard.spool.layout import segment_name
from trackboard.spool.machine import machine_id
from trackboard.spool.reader import read_segment

_FOLDERS = {SpoolArea.SILENT: SILENT_SPOOLS, SpoolArea.QUARANTINE: QUARANTINE}


def _find_out() -> bool | None:
    return None


@dataclass(frozen=True)
class FolderSpool:
    """`trackboard.ports.Spool` in a folder; see there for what each method promises.

    Attributes:
        folder: Its folder, which is named as its writer.
        area: Where it was put aside.
        clock: A file that is stamped by the clock that stamps the segments, when somebody begins to read.
        is_local: Whether only this machine has its file system mounted; None: to be found out.
    """

    folder: Path
    area: SpoolArea | None = None
    clock: Path | None = field(default=None, compare=False)
    is_local: Callable[[], bool | None] = field(default=_find_out, compare=False)

    @property
    def writer(self) -> WriterId:
        """Whose it is."""
        return WriterId(self.folder.name)

    @property
    def location(self) -> str:
        """Its folder."""
        return str(self.folder)

    def is_there(self) -> bool:
        """Whether it is still in this place."""
        return self.folder.exists()

    def list_segments(self, *, begin: int = 0) -> list[Segment]:
        """Segments in the order of their numbers."""
        return list_segments(self.folder, begin=begin)

    def read(self, number: int, offset: int, count: int) -> bytes:
        """Bytes of a segment."""
        return read_segment(self.folder, number, offset, count)

    def list_files(self) -> tuple[str, ...]:
        """Keys of the files in its outbox."""
        return tuple(outbox.list_files(self.folder))

    def move_file(self, key: str, blobs: Blobs) -> bool:
        """Move a file of its outbox into the blobs."""
        location = outbox.find_file(self.folder, key)
        if location is None:
            return False
        try:
            blobs.adopt(location, key)
        except FileNotFoundError:  # the spool was removed meanwhile
            return False
        return True

    def unwritten_s(self, number: int) -> float:
        """How much older a segment is than the last time that somebody began to read."""
        path = self.folder / segment_name(number)
        return 0.0 if self.clock is None else unwritten_s(path, self.clock)

    def probe(self) -> Liveness:
        """Ask the kernel whether its writer lives."""
        return probe(self.folder, is_local=self.is_local())

    def find_process(self) -> WriterProcess | None:
        """What the writer says of itself."""
        who = read_writer(self.folder)
        if who is None:
            return None
        return WriterProcess(who.host, who.pid, who.is_of_this_boot, _is_of_this_machine(who))


class FolderSpools:
    """`trackboard.ports.SpoolSource` on a folder; see there for what each method promises.

    Args:
        folder: Where the spools are.
        clock: A file beside it, which is stamped when a process begins to read: the workspace's lock.
        is_local: Whether the spools are on a file system of this machine alone; None: find out.
    """

    def __init__(self, folder: Path, clock: Path, *, is_local: bool | None = None) -> None:
        self._folder = folder
        self._clock = clock
        self._is_local = is_local

    def is_local(self) -> bool:
        """Whether only this machine has the file system mounted."""
        if self._is_local is None:
            self._is_local = find_file_system(self._folder) is FileSystem.LOCAL
        return self._is_local

    def prepare(self) -> None:
        """Remove what was left halfway, and take down the time by the clock that stamps the spools."""
        remove_leftovers(self._folder)
        if not self.is_local():
            os.utime(self._clock)

    def list_spools(self) -> dict[WriterId, Spool]:
        """All spools that were not put aside."""
        return {each: self._spool(self._folder / each) for each in list_writers(self._folder)}

    def list_set_aside(self, area: SpoolArea) -> dict[WriterId, Spool]:
        """Spools in a folder beside it."""
        found = list_set_aside(self._folder, _FOLDERS[area])
        return {writer: self._spool(folder, area) for writer, folder in found.items()}

    def set_aside(self, spool: Spool, area: SpoolArea) -> Spool:
        """Move a spool's folder out of the spools."""
        return self._spool(set_aside(Path(spool.location), _FOLDERS[area]), area)

    def remove(self, spool: Spool, is_stored: Callable[[], bool] = lambda: True) -> None:
        """Remove a spool's folder."""
        remove_spool(Path(spool.location), is_stored)

    def _spool(self, folder: Path, area: SpoolArea | None = None) -> FolderSpool:
        return FolderSpool(folder, area, self._clock, self.is_local)


def _is_of_this_machine(who: Writer) -> bool:
    if who.machine:
        return who.machine == machine_id()
    return who.host == socket.gethostname()  # an earlier version's


if TYPE_CHECKING:

    def _fits(source: FolderSpools) -> SpoolSource:
        return source
