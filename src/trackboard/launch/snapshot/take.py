"""Taking a snapshot: the source folder's files go to the blobs once, however often it is submitted."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from trackboard.errors import NotFound, UsageError
from trackboard.format.amounts import count, size
from trackboard.launch.snapshot.ignore import IgnoreFiles
from trackboard.launch.snapshot.manifest import FileEntry, LinkEntry, Manifest, save_manifest
from trackboard.launch.snapshot.progress import Progress
from trackboard.launch.snapshot.size_warning import warn_if_large_file, warn_of_special_files
from trackboard.launch.snapshot.source_folder import existing_folder
from trackboard.launch.snapshot.walk import Walk, unreadable
from trackboard.layout import make_folder, replace_file
from trackboard.layout.reading import read_bytes
from trackboard.layout.safe_paths import leads_inside
from trackboard.ports import Blobs

_SETTLED_S = 2.0
_PIECE_BYTES = 1 << 20
_NEVER_TAKEN = "Move it: version control, caches, virtual environments and histories stay behind."
_KNOWN_BYTES = 1 << 30  # of what was known of the files, millions of them

_Put = Callable[[BinaryIO], tuple[str, int]]
_Known = dict[
    str, str
]  # path -> fingerprint, empty where it cannot be trusted, a space, and the key


@dataclass(frozen=True)
class Snapshot:
    """What was taken of a source folder.

    Attributes:
        digest: The digest of the manifest.
        manifest: What it holds.
        read_files: How many files had to be read; the others were known.
        new_files: How many are new, or hold something else than in the last snapshot of this folder.
        ignore_files: Whose rules applied: posix paths within the source folder.
        followed: Links to folders outside, and where they lead.
        notes: What a job's log says of it.
    """

    digest: str
    manifest: Manifest
    read_files: int
    new_files: int
    ignore_files: tuple[str, ...]
    followed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In words: `12 files, 3.4 MB (2 new)`."""
        files = self.manifest.files
        return (
            f"{count(len(files), 'file')}, {size(self.manifest.size_bytes)} ({self.new_files} new)"
        )

    def ignore_file_of(self, path: str) -> str:
        """The nearest ignore file whose rules hold for a path; empty for none."""
        return max(
            (file for file in self.ignore_files if path.startswith(_folder_of(file))),
            key=lambda file: len(_folder_of(file)),
            default="",
        )


def take_snapshot(
    source: Path,
    folder: Path,
    blobs: Blobs,
    *,
    keep: bool = True,
    script: str = "",
    settled_s: float = _SETTLED_S,
) -> Snapshot:
    """Take a snapshot of a folder.

    Args:
        source: The folder; it is only read.
        folder: The workspace's `snapshots/` folder.
        blobs: Where the files' contents go.
        keep: False: nothing is written anywhere; it is found out what would be taken.
        script: A file that has to be in it: its posix path within the folder; empty: none has to.
        settled_s: A file that changed within so many seconds may change again without a new time stamp: the
            next snapshot reads it again.

    Raises:
        UsageError: It does not exist, cannot be read, or links to a folder of data outside of itself; or
            the script is left out.
    """
    root = os.fspath(existing_folder(source))
    cache = folder / "known" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()}.json"
    ignore = IgnoreFiles(root)
    progress = Progress(root)
    put, exists = (blobs.put, blobs.exists) if keep else (hash_and_measure, _is_said)
    taking = _Taking(root, put, exists, _load_known(cache), progress, settled_s)
    walk = Walk(root, ignore)
    try:
        for prefix, entry in walk:
            if entry is None:
                taking.folders.append(prefix.rstrip("/"))
            else:
                taking.add(f"{prefix}{entry.name}", entry)
    finally:
        progress.close()
    warn_of_special_files(root, taking.no_files)
    manifest = taking.manifest()
    if keep:
        save_manifest(folder, manifest)
        if taking.kept != taking.known:
            _save_known(cache, taking.kept)
    taken = Snapshot(
        manifest.digest,
        manifest,
        taking.read_files,
        taking.new_files,
        tuple(sorted(ignore.paths)),
        tuple(sorted(walk.followed)),
    )
    if script and script not in manifest.paths:
        raise _left_out(script, taken)
    links = [f"{path} is a copy of {end}, which it links to" for path, end in taken.followed]
    return replace(taken, notes=(f"snapshot: {taken}", *links))


def _left_out(script: str, taken: Snapshot) -> UsageError:
    file = taken.ignore_file_of(script)
    below = script[file.rfind("/") + 1 :]
    return UsageError(
        f"the script {script!r} is left out of the snapshot by {file or 'its location'}",
        hint=f"Add the line !{below} to {file}." if file else _NEVER_TAKEN,
    )


class _Taking:
    """One snapshot while it is taken."""

    def __init__(
        self,
        root: str,
        put: _Put,
        exists: Callable[[str], bool],
        known: _Known,
        progress: Progress,
        settled_s: float,
    ) -> None:
        self.known = known
        self.kept: _Known = {}
        self.read_files = 0
        self.new_files = 0
        self.folders: list[str] = []  # the empty ones
        self.no_files: list[str] = []  # pipes and their like
        self._root = root
        self._put = put
        self._exists = exists
        self._progress = progress
        self._settled_s = settled_s
        self._files: list[FileEntry] = []
        self._links: list[LinkEntry] = []

    def add(self, path: str, entry: os.DirEntry[str]) -> None:
        self._progress.add_file()
        if entry.is_symlink():
            self._add_link(path, entry)
        else:
            self._add_file(path, entry)

    def manifest(self) -> Manifest:
        return Manifest(
            files=tuple(sorted(self._files, key=lambda file: file.path)),
            links=tuple(sorted(self._links, key=lambda link: link.path)),
            folders=tuple(sorted(self.folders)),
        )

    def _add_link(self, path: str, entry: os.DirEntry[str]) -> None:
        end = Path(os.path.realpath(entry.path))
        if end.is_relative_to(self._root):
            here = os.path.join(self._root, os.path.dirname(path))  # as it will be in the copy
            self._links.append(LinkEntry(path, os.path.relpath(end, here)))
        elif end.is_file():
            self._add_file(path, entry)
        elif end.exists():
            self.no_files.append(path)
        elif leads_inside(path, target := os.readlink(entry.path)):  # such as an editor's lock
            self._links.append(LinkEntry(path, target))

    def _add_file(self, path: str, entry: os.DirEntry[str]) -> None:
        now_s = time.time()
        try:
            found = entry.stat()
        except OSError as exc:
            raise unreadable(entry.path, exc) from exc
        if not stat.S_ISREG(found.st_mode):
            self.no_files.append(path)  # a socket, pipe or device cannot be copied
            return
        mark, size_bytes = _fingerprint(found), found.st_size
        known_mark, _, key = self.known.get(path, "").rpartition(" ")
        if known_mark != mark or not self._exists(key):  # freed since, as nothing named it
            known_key = key
            warn_if_large_file(self._root, path, size_bytes)
            key, size_bytes = self._read(entry.path)
            self.new_files += key != known_key
        is_settled = max(found.st_mtime, found.st_ctime) < now_s - self._settled_s
        self.kept[path] = f"{mark if is_settled else ''} {key}"
        mode = stat.S_IMODE(found.st_mode) & 0o777
        self._files.append(FileEntry(path, mode, size_bytes, key))

    def _read(self, location: str) -> tuple[str, int]:
        self.read_files += 1
        try:
            file = open(location, "rb")  # noqa: SIM115 - what `put` raises must not be mistaken for this
        except OSError as exc:
            raise unreadable(location, exc) from exc
        with file:
            return self._put(cast(BinaryIO, _Watched(file, self._progress)))


class _Watched:
    """An open file whose reading is told as it goes on: one may be large."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def read(self, size_bytes: int = -1) -> bytes:
        data = self._file.read(size_bytes)
        self._progress.add_bytes(len(data))
        return data


def _folder_of(path: str) -> str:
    """Empty, or with a slash at its end."""
    return path[: path.rfind("/") + 1]


def _fingerprint(found: os.stat_result) -> str:
    times = f"{found.st_mtime_ns} {found.st_ctime_ns}"
    return f"{found.st_size} {times} {found.st_ino} {found.st_dev}"


def _load_known(cache: Path) -> _Known:
    try:
        known = json.loads(read_bytes(cache, "list of known files", _KNOWN_BYTES))
    except (NotFound, ValueError, RecursionError):  # UsageError is a ValueError
        return {}  # only a shortcut: everything is read again
    is_whole = isinstance(known, dict) and all(isinstance(each, str) for each in known.values())
    return known if is_whole else {}


def _save_known(cache: Path, known: _Known) -> None:
    make_folder(cache.parent)
    replace_file(cache, json.dumps(known))


def _is_said(key: str) -> bool:
    return bool(key)


def hash_and_measure(source: BinaryIO) -> tuple[str, int]:
    """The key and the size that a blob would have; nothing is kept."""
    digest, size_bytes = hashlib.sha256(), 0
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
        size_bytes += len(piece)
    return f"sha256:{digest.hexdigest()}", size_bytes
