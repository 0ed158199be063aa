"""The outbox of a spool: complete files, each under its digest, which records of the spool name.

    spool/<writer>/outbox/<64 hex digits>     a file, copied aside and renamed
    spool/<writer>/outbox/.<random>           one that is being copied

A file is in its place before the record that names it is appended; whoever stores that record moves the
file on first. So a kill between any two steps loses nothing that a record names, and what no record names is
removed with the spool. A file that was put follows its writer into the next spool, if the writer begins one
in between.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path
from typing import (
    BinaryIO,
    Callable,
    ContextManager,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
)

from trackboard.errors import Unavailable
from trackboard.layout import make_folder, open_file
from trackboard.layout.paths import OUTBOX
from trackboard.model import ArtifactLogged, Event, FileAdded

_KEY = re.compile(r"sha256:([0-9a-f]{64})")
_NAME = re.compile(r"[0-9a-f]{64}")
_PIECE_BYTES = 1024 * 1024


def list_files(spool: Path) -> List[str]:
    """Keys of the complete files in a spool's outbox, in no particular order.

    Args:
        spool: The spool's folder, which may be gone.
    """
    try:
        names = os.listdir(spool / OUTBOX)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [f"sha256:{name}" for name in names if _NAME.fullmatch(name)]


def find_file(spool: Path, key: str) -> Optional[Path]:
    """The place of a file in a spool's outbox; None where there is none.

    Args:
        spool: The spool's folder, which may be gone.
        key: Any text; only what `Outbox.put` gives becomes a path.

    Raises:
        OSError: The outbox cannot be looked at.
    """
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    path = spool / OUTBOX / match[1]
    try:
        return path if stat.S_ISREG(os.lstat(path).st_mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return None


class _Copy(NamedTuple):
    path: Path
    digest: str
    size_bytes: int


class _Unnamed:
    """A file that was put, as long as a record is still to name it."""

    __slots__ = ("count", "is_kept", "spool")

    def __init__(self, spool: Path) -> None:
        self.spool = spool  # the folder of the spool where it is
        self.count = 0  # how many times it was put, and neither named nor discarded
        self.is_kept = False  # a record may name it already


class Outbox:
    """The files that a writer has put and no record of it names yet.

    Args:
        lock: The writer's; held by the callers of `prepare` and `release`.
        ensure_spool: Gives the folder of the spool that takes the next record, or raises Unavailable; called
            with the lock held.
    """

    def __init__(self, lock: ContextManager[object], ensure_spool: Callable[[], Path]) -> None:
        self._lock = lock
        self._ensure_spool = ensure_spool
        self._unnamed: Dict[str, _Unnamed] = {}

    def put(self, source: BinaryIO) -> Tuple[str, int]:
        """Copy everything that `source` still holds; returns its key and size.

        Raises:
            Unavailable: The disk refuses; nothing is left of it.
        """
        with self._lock:
            spool = self._ensure_spool()
        with _copied(source, spool) as copy, self._lock:
            self._take(copy, self._ensure_spool())
        return f"sha256:{copy.digest}", copy.size_bytes

    def discard(self, key: str) -> None:
        """Forget a file that was put once; it goes, unless a record or somebody else needs it."""
        with self._lock:
            found = self._unnamed.get(key)
            if found is None:
                return
            if found.count == 1 and not found.is_kept:
                path = find_file(found.spool, key)
                if path is not None:
                    _forget(path)
            self._count_down(key, found)

    def prepare(self, event: Event) -> None:
        """Have the file that an event names in the spool that takes the event.

        Raises:
            Unavailable: It went away since it was put.
        """
        key = _key_of(event)
        found = self._unnamed.get(key)
        if found is None:
            return
        spool = self._ensure_spool()
        if found.spool != spool:
            self._follow(key, found, spool)

    def release(self, event: Event) -> None:
        """Take down that an event names its file now."""
        key = _key_of(event)
        found = self._unnamed.get(key)
        if found is not None:
            found.is_kept = True
            self._count_down(key, found)

    def _take(self, copy: _Copy, spool: Path) -> None:
        """Put a copy into its place, also where the same file is already: it may be taken at any moment."""
        key = f"sha256:{copy.digest}"
        is_there = find_file(spool, key) is not None
        path = spool / OUTBOX / copy.digest
        make_folder(path.parent, parents=False)  # another spool may have begun meanwhile
        os.replace(copy.path, path)
        found = self._unnamed.setdefault(key, _Unnamed(spool))
        found.is_kept = found.is_kept or (is_there and found.count == 0)
        found.spool = spool
        found.count += 1

    def _follow(self, key: str, found: _Unnamed, spool: Path) -> None:
        """Have a file of the former spool, which a record there may name, in the one that is written now."""
        path = find_file(found.spool, key)
        if path is not None:
            try:
                make_folder(spool / OUTBOX, parents=False)
                _share(path, spool)
            except OSError as error:
                raise _refused(spool, error) from error
        elif not found.is_kept:  # else whoever stored that record has it
            self._unnamed.pop(key, None)
            raise _refused(found.spool, OSError(errno.ENOENT, "its folder was deleted or moved"))
        found.spool = spool

    def _count_down(self, key: str, found: _Unnamed) -> None:
        found.count -= 1
        if found.count <= 0:
            self._unnamed.pop(key, None)


@contextlib.contextmanager
def _copied(source: BinaryIO, spool: Path) -> Iterator[_Copy]:
    """Copy a file aside, for the block to move; what the block leaves of it goes."""
    import hashlib  # recording starts without it

    temporary = spool / OUTBOX / f".{os.urandom(8).hex()}"
    try:
        make_folder(temporary.parent, parents=False)
        digest, size_bytes = hashlib.sha256(), 0
        with open(temporary, "wb", opener=open_file) as sink:
            while piece := source.read(_PIECE_BYTES):
                digest.update(piece)
                sink.write(piece)
                size_bytes += len(piece)
        yield _Copy(temporary, digest.hexdigest(), size_bytes)
    except OSError as error:
        raise _refused(spool, error) from error
    finally:
        _forget(temporary)


def _share(path: Path, spool: Path) -> None:
    """Give a file a second place in another outbox."""
    target = spool / OUTBOX / path.name
    try:
        os.link(path, target)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        with open(path, "rb") as source, _copied(source, spool) as copy:
            os.replace(copy.path, target)


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):  # it goes with the spool
        os.unlink(path)


def _key_of(event: Event) -> str:
    return event.key if isinstance(event, (FileAdded, ArtifactLogged)) else ""


def _refused(spool: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"a file could not be kept in {spool}: {error.strerror or error}",
        hint="Check that you may write to it and that its disk has space.",
    )
