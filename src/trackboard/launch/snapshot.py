"""Taking a snapshot: the source folder's files go to the blobs once, however often it is submitted."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trackboard.errors import UsageError
from trackboard.launch.ignore import IgnoreRules
from trackboard.launch.manifest import FileEntry, LinkEntry, Manifest, save_manifest
from trackboard.ports import Blobs

# A file changed this recently may change again without a new time stamp, so it is read again next time.
_SETTLED_S = 2.0

_Known = dict[str, list[object]]  # path -> [fingerprint, key]


@dataclass(frozen=True)
class Snapshot:
    """What was taken."""

    digest: str
    manifest: Manifest
    read_files: int  # how many files had to be read; the others were known
    ignore_file: str  # whose rules applied; "" for none


def take_snapshot(source: Path, folder: Path, blobs: Blobs) -> Snapshot:
    """Take a snapshot of a folder.

    Args:
        source: The folder; it is only read.
        folder: The workspace's `snapshots/` folder.
        blobs: Where the files' contents go.

    Raises:
        UsageError: It does not exist, cannot be read, or links to a folder outside of itself.
    """
    source = _existing_folder(source)
    cache = folder / "known" / f"{hashlib.sha256(os.fsencode(source)).hexdigest()}.json"
    rules = IgnoreRules(source)
    taking = _Taking(source, blobs, _load_known(cache))
    for entry in _walk(source, "", rules):
        taking.add(entry)
    manifest = taking.manifest()
    digest = save_manifest(folder, manifest)
    if taking.kept != taking.known:
        _save_known(cache, taking.kept)
    return Snapshot(digest, manifest, taking.read_files, rules.file)


def _existing_folder(source: Path) -> Path:
    if source.is_dir():
        return source.resolve()
    what = "is not a folder" if source.exists() else "does not exist"
    raise UsageError(
        f"the source folder {str(source)!r} {what} (looked from {Path.cwd()})",
        hint="Pass the folder that holds the script, for example source_directory='.'.",
    )


@dataclass(frozen=True)
class _Entry:
    path: str  # posix, within the source folder
    place: Path
    is_empty_folder: bool = False


def _walk(folder: Path, prefix: str, rules: IgnoreRules) -> Iterator[_Entry]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as exc:
        raise _unreadable(folder, exc) from exc
    if not entries and prefix:
        yield _Entry(prefix.rstrip("/"), folder, is_empty_folder=True)
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if not rules.skips_folder(path, Path(entry.path)):
                yield from _walk(Path(entry.path), f"{path}/", rules)
        elif not rules.skips_file(path):
            yield _Entry(path, Path(entry.path))


class _Taking:
    """One snapshot while it is taken."""

    def __init__(self, source: Path, blobs: Blobs, known: _Known) -> None:
        self.known = known
        self.kept: _Known = {}
        self.read_files = 0
        self._source = source
        self._blobs = blobs
        self._files: list[FileEntry] = []
        self._links: list[LinkEntry] = []
        self._folders: list[str] = []

    def add(self, entry: _Entry) -> None:
        if entry.is_empty_folder:
            self._folders.append(entry.path)
        elif entry.place.is_symlink():
            self._add_link(entry)
        else:
            self._add_file(entry)

    def manifest(self) -> Manifest:
        return Manifest(
            files=tuple(sorted(self._files, key=lambda file: file.path)),
            links=tuple(sorted(self._links, key=lambda link: link.path)),
            folders=tuple(sorted(self._folders)),
        )

    def _add_link(self, entry: _Entry) -> None:
        end = Path(os.path.realpath(entry.place))
        if end.is_relative_to(self._source):
            inside = os.path.relpath(end, os.path.realpath(entry.place.parent))
            self._links.append(LinkEntry(entry.path, inside))
        elif end.is_file():
            self._add_file(entry)
        elif end.exists():
            raise UsageError(
                f"{entry.path!r} in {self._source} is a link to {str(end)!r}, outside of that folder",
                hint="Add it to .amlignore, and pass the real path to the script as an argument.",
            )
        else:  # leads nowhere, such as an editor's lock
            self._links.append(LinkEntry(entry.path, os.readlink(entry.place)))

    def _add_file(self, entry: _Entry) -> None:
        now_s = time.time()
        try:
            found = entry.place.stat()
        except OSError as exc:
            raise _unreadable(entry.place, exc) from exc
        if not stat.S_ISREG(found.st_mode):
            return  # a socket, pipe or device cannot be copied
        mark, size_bytes = _fingerprint(found), found.st_size
        known = self.known.get(entry.path)
        if known is not None and known[0] == mark:
            key = str(known[1])
        else:
            key, size_bytes = self._read(entry.place)
        if max(found.st_mtime, found.st_ctime) < now_s - _SETTLED_S:
            self.kept[entry.path] = [mark, key]
        mode = stat.S_IMODE(found.st_mode) & 0o777
        self._files.append(FileEntry(entry.path, mode, size_bytes, key))

    def _read(self, place: Path) -> tuple[str, int]:
        self.read_files += 1
        try:
            file = open(place, "rb")  # noqa: SIM115 - what `put` raises must not be mistaken for this
        except OSError as exc:
            raise _unreadable(place, exc) from exc
        with file:
            return self._blobs.put(file)


def _fingerprint(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def _load_known(cache: Path) -> _Known:
    try:
        known: _Known = json.loads(cache.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}  # only a shortcut: everything is read again
    return known


def _save_known(cache: Path, known: _Known) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    aside = cache.with_suffix(f".{os.getpid()}.new")
    aside.write_text(json.dumps(known))
    aside.replace(cache)


def _unreadable(place: Path, exc: OSError) -> UsageError:
    return UsageError(
        f"{str(place)!r} cannot be read for the snapshot: {exc.strerror or exc}",
        hint="Make it readable, or leave it out with a line in .amlignore.",
    )
