"""A zip that is made while it is sent: whole for who gets it, never whole in memory."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping

import pytest

from trackboard.errors import NotFound
from trackboard.ports import RunFile
from trackboard.server.files.zip_stream import entry_name, zip_files


def zipped(contents: Mapping[str, bytes], inside: str = "") -> zipfile.ZipFile:
    def open_file(file: RunFile) -> io.BytesIO:
        if contents[file.path] == b"gone":
            raise NotFound("gone")
        return io.BytesIO(contents[file.path])

    files = [RunFile(path, "", len(content), 1e9) for path, content in contents.items()]
    return zipfile.ZipFile(io.BytesIO(b"".join(zip_files(files, inside, open_file))))


def test_all_files_are_in_it_with_their_times() -> None:
    contents = {"outputs/a.txt": b"text" * 1000, "outputs/größe": os.urandom(600_000)}
    made = zipped(contents, "outputs/")
    assert made.testzip() is None
    assert {name: made.read(name) for name in made.namelist()} == {
        path.removeprefix("outputs/"): content for path, content in contents.items()
    }
    assert made.infolist()[0].date_time[0] == 2001
    assert made.infolist()[0].compress_size < 200


def test_it_is_sent_in_small_pieces_while_files_are_read() -> None:
    """What was read and is not sent yet is a piece, however large the file is."""

    class Endless(io.RawIOBase):
        read_bytes = 0

        def seek(self, offset: int, whence: int = 0) -> int:
            return 10_000_000_000 if whence == 2 else offset

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += size
            return os.urandom(size)

    source = Endless()
    pieces = zip_files([RunFile("a", "", 0, 0.0)], "", lambda _: source)  # type: ignore[arg-type, return-value]
    sent = 0
    for piece, _ in zip(pieces, range(20), strict=False):
        sent += len(piece)
        assert len(piece) < 1_000_000
        assert source.read_bytes - sent < 1_000_000
    assert sent > 4_000_000


def test_a_file_that_grows_is_as_long_as_it_was() -> None:
    class Growing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            position = self.seek(0, 1)
            self.seek(0, 2)
            self.write(b"more")
            self.seek(position)
            return super().read(size)

    files = [RunFile("log", "", 0, 1e9)]
    made = b"".join(zip_files(files, "", lambda _: Growing(b"x" * 300_000)))
    assert zipfile.ZipFile(io.BytesIO(made)).read("log") == b"x" * 300_000


def test_a_file_that_is_gone_is_named_in_the_zip() -> None:
    made = zipped({"a": b"1", "b": b"gone", "LEFT-OUT.txt": b"2"})
    assert made.namelist() == ["a", "LEFT-OUT.txt", "LEFT-OUT (2).txt"]
    assert made.read("LEFT-OUT (2).txt").splitlines()[1:] == [b"b"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("../../etc/passwd", "__/__/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a//./b", "a/b"),
        ("..\\..\\evil.exe", ".._.._evil.exe"),
        ("C:/windows", "_/windows"),
        ("c:", "_"),
        ("12:30.log", "12:30.log"),
        ("a\0b\n", "a_b_"),
        ("half \ud800", "half ?"),
        ("..", "__"),
        ("", "_"),
        ("größe/…", "größe/…"),
    ],
)
def test_no_name_leads_out_of_the_folder_that_it_is_unpacked_in(path: str, name: str) -> None:
    assert entry_name(path) == name
    made = zipped({path: b"1"})
    assert made.namelist() == [name]


def test_names_that_become_the_same_are_told_apart() -> None:
    assert zipped({"a\\b.txt": b"1", "a_b.txt": b"2", "a\nb.txt": b"3"}).namelist() == [
        *("a_b.txt", "a_b (2).txt", "a_b (3).txt")
    ]
