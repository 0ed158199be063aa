"""Saying so when a snapshot is larger than code is."""

from __future__ import annotations

import heapq
import os
from collections import Counter

from trackboard.config import say_once
from trackboard.launch.amount import count, size
from trackboard.launch.manifest import FileEntry, Manifest

LARGE_BYTES = 300_000_000
LARGE_FILES = 2_000
_NAMED = 3


def say_if_large(source: str, manifest: Manifest) -> None:
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


def _biggest(files: tuple[FileEntry, ...]) -> str:
    found = heapq.nlargest(_NAMED, files, key=lambda file: file.size_bytes)
    return ", ".join(f"{file.path} ({size(file.size_bytes)})" for file in found)


def _fullest(files: tuple[FileEntry, ...]) -> str:
    folders = Counter(os.path.dirname(file.path) for file in files)
    return ", ".join(
        f"{folder or '.'}/ ({count(number, 'file')})"
        for folder, number in folders.most_common(_NAMED)
    )
