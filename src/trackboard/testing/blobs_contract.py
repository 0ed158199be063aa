"""The suite that every implementation of blobs is held against; see `store_contract` for its use."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trackboard.errors import NotFound, UsageError
from trackboard.ports import Blobs
from trackboard.testing.store.sharing import in_children, in_threads

BlobsOpener = Callable[[], Blobs]


def key_of(data: bytes) -> str:
    """The key that content has, whoever keeps it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class BlobsContract:
    """Subclass it with fixtures `blobs` (empty) and `open_blobs` (opens the same ones again)."""

    @pytest.mark.parametrize("size", [0, 1, 4096, 3 * 1024 * 1024 + 1])
    def test_what_was_put_comes_back(self, blobs: Blobs, size: int) -> None:
        data = os.urandom(size)
        assert blobs.put(io.BytesIO(data)) == (key_of(data), size)
        with blobs.open(key_of(data)) as found:
            assert found.read() == data

    def test_put_takes_what_the_source_still_holds(self, blobs: Blobs) -> None:
        source = io.BytesIO(b"header, body")
        source.seek(8)
        assert blobs.put(source) == (key_of(b"body"), 4)

    def test_the_same_content_has_the_same_key(self, blobs: Blobs, open_blobs: BlobsOpener) -> None:
        keys = {blobs.put(io.BytesIO(b"same"))[0] for _ in range(3)}
        keys.add(open_blobs().put(io.BytesIO(b"same"))[0])
        assert keys == {key_of(b"same")}

    def test_a_blob_can_be_read_in_parts(self, blobs: Blobs) -> None:
        key, _ = blobs.put(io.BytesIO(b"0123456789"))
        with blobs.open(key) as found:
            found.seek(3)
            assert found.read(4) == b"3456"

    def test_a_blob_is_a_plain_file(self, blobs: Blobs) -> None:
        key, _ = blobs.put(io.BytesIO(b"x"))
        assert blobs.locate(key).read_bytes() == b"x"
        for unknown in (key_of(b"nobody"), "../x"):
            with pytest.raises(NotFound):
                blobs.locate(unknown)

    def test_exists(self, blobs: Blobs) -> None:
        assert blobs.exists(key_of(b"x")) is False
        key, _ = blobs.put(io.BytesIO(b"x"))
        assert blobs.exists(key) is True

    def test_an_unknown_key_is_not_found(self, blobs: Blobs) -> None:
        with pytest.raises(NotFound) as caught:
            blobs.open(key_of(b"nobody"))
        assert key_of(b"nobody") in caught.value.message

    @pytest.mark.parametrize(
        "key", ["", "sha256:", "../../etc/passwd", "sha256:../../x", "md5:00", "sha256:" + "A" * 64]
    )
    def test_a_key_that_was_never_given_is_nothing(self, blobs: Blobs, key: str) -> None:
        assert blobs.exists(key) is False
        blobs.delete(key)
        with pytest.raises(NotFound):
            blobs.open(key)

    def test_deleting_forgets_and_may_be_repeated(self, blobs: Blobs) -> None:
        key, _ = blobs.put(io.BytesIO(b"x"))
        other, _ = blobs.put(io.BytesIO(b"y"))
        blobs.delete(key)
        blobs.delete(key)
        assert blobs.exists(key) is False
        assert blobs.exists(other) is True
        with pytest.raises(NotFound):
            blobs.open(key)
        assert blobs.put(io.BytesIO(b"x"))[0] == key
        assert blobs.exists(key) is True

    def test_blobs_are_listed(self, blobs: Blobs) -> None:
        assert [*blobs.iter_blobs()] == []
        assert blobs.remove_leftovers(0.0) == 0
        put = {blobs.put(io.BytesIO(b"x" * size)) for size in (0, 1, 70_000)}
        assert {(each.key, each.size_bytes) for each in blobs.iter_blobs()} == put
        for each in blobs.iter_blobs():
            blobs.delete(each.key)
        assert [*blobs.iter_blobs()] == []

    @pytest.mark.parametrize("size", [0, 1, 3_000_000])
    def test_a_file_is_adopted(self, blobs: Blobs, tmp_path: Path, size: int) -> None:
        data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        path = tmp_path / "a file"
        path.write_bytes(data)
        blobs.adopt(path, key_of(data))
        with blobs.open(key_of(data)) as found:
            assert found.read() == data
        assert not path.exists()
        assert blobs.put(io.BytesIO(data)) == (key_of(data), size), "once, as everything"

    def test_a_file_that_is_there_already_is_adopted_too(
        self, blobs: Blobs, open_blobs: BlobsOpener, tmp_path: Path
    ) -> None:
        key, _ = blobs.put(io.BytesIO(b"same"))
        path = tmp_path / "a file"
        path.write_bytes(b"same")
        open_blobs().adopt(path, key)
        assert not path.exists()
        assert blobs.locate(key).read_bytes() == b"same"
        blobs.adopt(path, key)  # whoever was here before was killed

    def test_a_file_that_is_nowhere_cannot_be_adopted(self, blobs: Blobs, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            blobs.adopt(tmp_path / "nothing", key_of(b"nothing"))
        assert not blobs.exists(key_of(b"nothing"))

    def test_a_file_is_not_adopted_under_a_key_that_is_none(
        self, blobs: Blobs, tmp_path: Path
    ) -> None:
        path = tmp_path / "a file"
        path.write_bytes(b"x")
        for key in ("", "sha256:", "sha256:../../x", "../" + "0" * 64):
            with pytest.raises(UsageError):
                blobs.adopt(path, key)
        assert path.read_bytes() == b"x"

    def test_a_source_that_fails_leaves_nothing(self, blobs: Blobs) -> None:
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() > 0:
                    raise RuntimeError("the cable")
                return super().read(size)

        with pytest.raises(RuntimeError, match="cable"):
            blobs.put(Broken(b"half"))
        assert blobs.exists(key_of(b"half")) is False

    def test_threads_put_the_same_and_read_it_whole(self, blobs: Blobs) -> None:
        data = os.urandom(300_000)

        def work(_: int) -> None:
            for _turn in range(5):
                key, _size = blobs.put(io.BytesIO(data))
                with blobs.open(key) as found:
                    assert found.read() == data

        in_threads(4, work)

    def test_processes_put_the_same_and_read_it_whole(
        self, blobs: Blobs, open_blobs: BlobsOpener
    ) -> None:
        data = os.urandom(300_000)
        blobs.put(io.BytesIO(b"used before the fork"))

        def work(_: int) -> None:
            for here in (blobs, open_blobs()):
                key, _size = here.put(io.BytesIO(data))
                with here.open(key) as found:
                    assert found.read() == data

        assert in_children(3, work) == [0] * 3
        assert blobs.exists(key_of(data))
