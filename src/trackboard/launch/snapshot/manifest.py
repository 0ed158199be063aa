"""What a snapshot holds, named by the digest of itself, and how it becomes a folder again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from trackboard.errors import Conflict, InternalError, NotFound, UsageError
from trackboard.layout import make_folder, replace_file
from trackboard.layout.reading import read_bytes
from trackboard.layout.safe_paths import leads_inside

if TYPE_CHECKING:
    from trackboard.ports import Blobs

_FORMAT = 1
_COPY_BYTES = 1 << 20
_LIMIT_BYTES = 1 << 30  # of a manifest: millions of files
_MODE = 0o777  # neither set-user-ID nor its like
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ODD = frozenset(("", ".", ".."))  # what no part of a path is


class FileEntry(NamedTuple):
    """A file: posix path within the folder, permission bits, size, and its content's key in the blobs."""

    path: str
    mode: int
    size_bytes: int
    key: str


class LinkEntry(NamedTuple):
    """A symbolic link that points to something inside, or to nothing."""

    path: str
    target: str


@dataclass(frozen=True)
class Manifest:
    """A folder at one moment. Each tuple is sorted by path; `folders` are the empty ones.

    It may come from a workspace that somebody copied or shares, so that no manifest is made that could
    write outside of the folder that it is restored to.

    Raises:
        UsageError: A path leads out of the folder, or through a file or a link, or is there twice.
    """

    files: tuple[FileEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
    folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        leaves = [*self._all_paths()]
        taken = set(leaves)
        above: set[str] = set()
        for path in leaves:
            parts = path.split("/")
            if not path or "\0" in path or not _ODD.isdisjoint(parts):
                raise UsageError(
                    f"the path {path!r} of a snapshot leads out of its folder, or is no path"
                )
            while len(parts) > 1 and (folder := "/".join(parts[:-1])) not in above:
                above.add(folder)
                parts.pop()
        both = next(iter(above & taken), None) or _twice(leaves)
        if both is not None:
            raise UsageError(f"the path {both!r} of a snapshot is that of several things")

    def _all_paths(self) -> Iterator[str]:
        for entries in (self.files, self.links):
            yield from (entry.path for entry in entries)
        yield from self.folders

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def paths(self) -> frozenset[str]:
        """Everything that can be opened as a file."""
        return frozenset(file.path for file in self.files) | {link.path for link in self.links}

    @property
    def digest(self) -> str:
        """Its name: two folders that hold the same have one."""
        return hashlib.sha256(self.encode()).hexdigest()

    def encode(self) -> bytes:
        """As JSON (ASCII: names that are not valid UTF-8 survive as escaped surrogates)."""
        fields = {
            "format": _FORMAT,
            "files": [file._asdict() for file in self.files],
            "links": [link._asdict() for link in self.links],
            "folders": self.folders,
        }
        return json.dumps(fields, sort_keys=True).encode("ascii")

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Read what `encode` wrote.

        Raises:
            InternalError: It is damaged.
            Conflict: A newer trackboard wrote it.
            UsageError: As for a manifest.
        """
        try:
            fields = json.loads(data)
            if fields["format"] > _FORMAT:
                raise Conflict(
                    f"the snapshot has format {fields['format']}; this trackboard knows {_FORMAT}",
                    hint="Upgrade: pip install --upgrade trackboard",
                )
            files = tuple(_file(**entry) for entry in fields["files"])
            links = tuple(LinkEntry(**_texts(**entry)) for entry in fields["links"])
            folders = tuple(_texts(path=path)["path"] for path in fields["folders"])
        except (ValueError, TypeError, LookupError, RecursionError) as exc:
            raise InternalError(f"the snapshot is damaged: {exc!r}") from exc
        return cls(files, links, folders)


def save_manifest(folder: Path, manifest: Manifest) -> str:
    """Keep a manifest below the workspace's `snapshots/` folder; its files are in the blobs already.

    Returns:
        Its digest.
    """
    data = manifest.encode()
    digest = manifest.digest
    path = folder / f"{digest}.json"
    if not path.exists():
        make_folder(folder)
        replace_file(path, data)
    return digest


def load_manifest(folder: Path, digest: str) -> Manifest:
    """Read a manifest back.

    Raises:
        NotFound: There is none with this digest.
        InternalError: It is damaged.
        Conflict: A newer trackboard wrote it.
        UsageError: It could write outside of the folder that it is restored to.
    """
    if not _DIGEST.fullmatch(digest):
        raise NotFound(f"there is no snapshot {digest!r} below {folder}")
    data = read_bytes(folder / f"{digest}.json", "snapshot", _LIMIT_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise InternalError(f"snapshot {digest} below {folder} is damaged")
    return Manifest.decode(data)


def restore(
    blobs: Blobs, manifest: Manifest, folder: Path, is_canceled: Callable[[], bool] = lambda: False
) -> bool:
    """Make a folder as it was when the snapshot was taken; links that lead out of it are left out.

    Args:
        blobs: Where the files' contents are.
        manifest: What to restore.
        folder: Must not exist yet, or be empty.
        is_canceled: Asked before each file.

    Returns:
        Whether all of it is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in manifest.folders:
        (folder / path).mkdir(parents=True, exist_ok=True)
    made = {""}
    for file in manifest.files:
        if is_canceled():
            return False
        inside = file.path[: file.path.rfind("/") + 1]
        if inside not in made:
            (folder / inside).mkdir(parents=True, exist_ok=True)
            made.add(inside)
        location = os.path.join(folder, file.path)  # no Path for each of what may be very many
        with blobs.open(file.key) as source, open(location, "xb") as copy:
            _copy(source, copy)
            os.fchmod(copy.fileno(), file.mode & _MODE)
    for link in manifest.links:  # last, so that nothing is ever written through one
        if not leads_inside(link.path, link.target):
            continue
        target = folder / link.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(link.target)
    return True


def _twice(paths: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            return path
        seen.add(path)
    return None


def _file(path: object, mode: object, size_bytes: object, key: object) -> FileEntry:
    """An entry of what was decoded."""
    if type(mode) is not int or type(size_bytes) is not int or size_bytes < 0:
        raise TypeError(f"mode {mode!r} or size {size_bytes!r} of {path!r} is no number")
    return FileEntry(mode=mode & _MODE, size_bytes=size_bytes, **_texts(path=path, key=key))


def _texts(**fields: object) -> dict[str, str]:
    for name, value in fields.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} = {value!r} is no text")
        os.fsencode(value)  # half of a surrogate pair is no file's name
    return cast(dict[str, str], fields)


def _copy(source: BinaryIO, copy: BinaryIO) -> None:
    """Copy a file; where the file system can, both share their blocks until one is written to."""
    if _copy_inside(source, copy):
        return
    source.seek(0)
    copy.seek(0)
    shutil.copyfileobj(source, copy, _COPY_BYTES)


def _copy_inside(source: BinaryIO, copy: BinaryIO) -> bool:
    """Whether the kernel could copy all of it by itself."""
    if not hasattr(os, "copy_file_range"):  # Linux only
        return False
    try:
        from_fd, to_fd = source.fileno(), copy.fileno()
        left = os.fstat(from_fd).st_size
        while left and (copied := os.copy_file_range(from_fd, to_fd, left)):
            left -= copied
    except OSError:  # no file of the kernel's, or one of another file system
        return False
    return not left
