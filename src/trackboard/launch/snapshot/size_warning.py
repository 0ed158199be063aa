"""Saying so when a snapshot is larger than code is, or when something of the folder is not in it."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Sequence

from trackboard.format.amounts import count, size
from trackboard.launch.snapshot.manifest import FileEntry, Manifest
from trackboard.notice import say_once

LARGE_BYTES = 300_000_000
LARGE_FILES = 2_000
_NAMED = 3


def warn_if_large(source: str, manifest: Manifest) -> None:
    """Name what makes it large, once, on the client's console; there is no limit.

    Args:
        source: The folder it was taken of.
        manifest: What was taken.
    """
    files, size_bytes = manifest.files, manifest.size_bytes
    if size_bytes <= LARGE_BYTES and len(files) <= LARGE_FILES:
        return
    most = _biggest(files) if size_bytes > LARGE_BYTES else _fullest(files)
    say_once(
        f"the snapshot of {source} has {count(len(files), 'file')}, {size(size_bytes)}; most of it:"
        f" {most}. What the job does not need can be left out: add to .amlignore"
    )


def warn_if_large_file(source: str, path: str, size_bytes: int) -> None:
    """Name a large file before it is read, which takes as long as its size says.

    Args:
        source: The source folder.
        path: The file's path within it.
        size_bytes: The file's size.
    """
    if size_bytes > LARGE_BYTES:
        say_once(
            f"{path!r} in {source} has {size(size_bytes)} and is copied for the snapshot now. If the job"
            f" does not need it, end this and add it to .amlignore"
        )


def warn_of_special_files(source: str, paths: Sequence[str]) -> None:
    """Name the pipes, sockets and devices that a snapshot is without.

    Args:
        source: The source folder.
        paths: Their paths within it.
    """
    if paths:
        named = ", ".join(map(repr, paths[:_NAMED]))
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        say_once(
            f"the snapshot of {source} is without what is no file (pipes, sockets, devices):"
            f" {named}{more}. To be silent about it, add to .amlignore"
        )


def _biggest(files: tuple[FileEntry, ...]) -> str:
    found = heapq.nlargest(_NAMED, files, key=lambda file: file.size_bytes)
    return ", ".join(f"{file.path} ({size(file.size_bytes)})" for file in found)


def _fullest(files: tuple[FileEntry, ...]) -> str:
    folders = Counter(os.path.dirname(file.path) for file in files)
    return ", ".join(
        f"{folder or '.'}/ ({count(number, 'file')})"
        for folder, number in folders.most_common(_NAMED)
    )
