"""Blobs in memory, and a place in which a worker may work."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from trackboard.errors import NotFound
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.layout import WorkspacePaths
from trackboard.ports import Blob
from trackboard.record import Recorder


class MemoryBlobs:
    """The contract of blobs as a dictionary; counts what was put."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.puts = 0

    def put(self, source: BinaryIO) -> tuple[str, int]:
        data = source.read()
        key = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.puts += 1
        self.content[key] = data
        return key, len(data)

    def adopt(self, place: Path, key: str) -> None:
        self.content[key] = place.read_bytes()
        place.unlink()

    def open(self, key: str) -> BinaryIO:
        if key not in self.content:
            raise NotFound(f"no blob {key}")
        return io.BytesIO(self.content[key])

    def locate(self, key: str) -> Path:
        raise NotImplementedError

    def exists(self, key: str) -> bool:
        return key in self.content

    def delete(self, key: str) -> None:
        self.content.pop(key, None)

    def iter_blobs(self) -> Iterator[Blob]:
        raise NotImplementedError

    def remove_leftovers(self, older_than_s: float, *, dry_run: bool = False) -> int:
        raise NotImplementedError


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def worker_context(tmp_path: Path, blobs: MemoryBlobs) -> WorkerContext:
    folder = tmp_path / "workspace"
    folder.mkdir()
    paths = WorkspacePaths(folder)
    return WorkerContext(paths, blobs, Recorder(paths.spool))
