"""Any name that a file may have survives snapshot, manifest and restore."""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hypothesis import given, settings
from hypothesis import strategies as st

from trackboard.launch.snapshot.manifest import Manifest, load_manifest, restore
from trackboard.launch.snapshot.take import take_snapshot
from trackboard.ports import Blob

_SKIPPED = (b".git", b".trackboard", b"__pycache__", b".gitignore", b".amlignore", b"pyvenv.cfg")

_names = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.text(st.sampled_from(" '\"\n\t\\*?[]!#$%é日.-"), min_size=1, max_size=12).map(os.fsencode),
).filter(
    lambda name: (
        not set(name) & {0, ord("/")} and name not in (b".", b"..") and name not in _SKIPPED
    )
)


class _Blobs:
    def __init__(self) -> None:
        self._content: dict[str, bytes] = {}

    def put(self, source: BinaryIO) -> tuple[str, int]:
        data = source.read()
        key = hashlib.sha256(data).hexdigest()
        self._content[key] = data
        return key, len(data)

    def adopt(self, place: Path, key: str) -> None:
        raise NotImplementedError

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._content[key])

    def locate(self, key: str) -> Path:
        raise NotImplementedError

    def exists(self, key: str) -> bool:
        return key in self._content

    def delete(self, key: str) -> None:
        del self._content[key]

    def iter_blobs(self) -> Iterator[Blob]:
        raise NotImplementedError

    def remove_leftovers(self, older_than_s: float, *, dry_run: bool = False) -> int:
        raise NotImplementedError


def _tree(folder: bytes) -> dict[bytes, bytes]:
    return {
        os.path.relpath(os.path.join(at, name), folder): Path(
            os.fsdecode(os.path.join(at, name))
        ).read_bytes()
        for at, _, names in os.walk(folder)
        for name in names
    }


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(_names, _names), st.binary(max_size=50), max_size=6))
def test_odd_names(files: dict[tuple[bytes, bytes], bytes]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        base = os.fsencode(temporary)
        source = os.path.join(base, b"source")
        os.mkdir(source)
        for (folder, name), content in files.items():
            os.makedirs(os.path.join(source, folder), exist_ok=True)
            Path(os.fsdecode(os.path.join(source, folder, name))).write_bytes(content)
        blobs, snapshots = _Blobs(), Path(temporary) / "snapshots"
        taken = take_snapshot(Path(os.fsdecode(source)), snapshots, blobs)
        again = load_manifest(snapshots, taken.digest)
        assert again == taken.manifest == Manifest.decode(taken.manifest.encode())
        copy = os.path.join(base, b"copy")
        restore(blobs, again, Path(os.fsdecode(copy)))
        assert _tree(copy) == _tree(source)
