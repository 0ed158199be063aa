"""What a snapshot holds, named by the digest of itself, and how it becomes a folder again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import InternalError, NotFound
from trackboard.layout import make_folder, replace_file

if TYPE_CHECKING:
    from trackboard.ports import Blobs

_FORMAT = 1
_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class FileEntry:
    """A file: posix path within the folder, permission bits, size, and its content's key in the blobs."""

    path: str
    mode: int
    size_bytes: int
    key: str


@dataclass(frozen=True)
class LinkEntry:
    """A symbolic link that points to something inside, or to nothing."""

    path: str
    target: str


@dataclass(frozen=True)
class Manifest:
    """A folder at one moment. Each tuple is sorted by path; `folders` are the empty ones."""

    files: tuple[FileEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def paths(self) -> frozenset[str]:
        """Everything that can be opened as a file."""
        return frozenset(file.path for file in self.files) | {link.path for link in self.links}

    def encode(self) -> bytes:
        """As JSON (ASCII: names that are not valid UTF-8 survive as escaped surrogates)."""
        fields = {
            "format": _FORMAT,
            "files": list(map(vars, self.files)),
            "links": list(map(vars, self.links)),
            "folders": self.folders,
        }
        return json.dumps(fields, sort_keys=True).encode("ascii")

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Read what `encode` wrote."""
        fields = json.loads(data)
        return cls(
            files=tuple(FileEntry(**entry) for entry in fields["files"]),
            links=tuple(LinkEntry(**entry) for entry in fields["links"]),
            folders=tuple(fields["folders"]),
        )


def save_manifest(folder: Path, manifest: Manifest) -> str:
    """Keep a manifest below the workspace's `snapshots/` folder; its files are in the blobs already.

    Returns:
        Its digest.
    """
    data = manifest.encode()
    digest = hashlib.sha256(data).hexdigest()
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
    """
    try:
        data = (folder / f"{digest}.json").read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no snapshot {digest} below {folder}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise InternalError(f"snapshot {digest} below {folder} is damaged")
    return Manifest.decode(data)


def restore(
    blobs: Blobs, manifest: Manifest, folder: Path, is_canceled: Callable[[], bool] = lambda: False
) -> bool:
    """Make a folder as it was when the snapshot was taken.

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
        place = os.path.join(folder, file.path)  # no Path for each of what may be very many
        with blobs.open(file.key) as source, open(place, "xb") as copy:
            _copy(source, copy)
            os.fchmod(copy.fileno(), file.mode)
    for link in manifest.links:  # last, so that nothing is ever written through one
        target = folder / link.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(link.target)
    return True


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
