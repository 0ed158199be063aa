"""The suite that all implementations of run files are held against; see `store_contract` for its use."""

from __future__ import annotations

import os

import pytest

from trackboard.errors import NotFound, UsageError
from trackboard.ingest.files import write_bytes
from trackboard.model import FileAdded, FileBytes, FileRemoved, RecordsDropped, RunId
from trackboard.ports import PlainFile, RunFiles, Unwritable
from trackboard.testing.store.sharing import in_threads

R, OTHER = RunId("r"), RunId("other")


def content(files: RunFiles, path: str, run: RunId = R) -> bytes:
    """What a file holds."""
    with files.open(run, path) as file:
        return file.read()


class RunFilesContract:
    """Subclass it with a fixture `files`: nothing is there yet."""

    def test_pieces_grow_a_file(self, files: RunFiles) -> None:
        assert files.write(R, "logs/a.txt", 0, b"one ") == 4
        assert files.write(R, "logs/a.txt", 4, b"two") == 7
        assert content(files, "logs/a.txt") == b"one two"

    def test_a_large_piece(self, files: RunFiles) -> None:
        data = os.urandom((3 << 20) + 1)
        assert files.write(R, "a", 0, data) == len(data)
        assert files.write(R, "a", len(data), b"end") == len(data) + 3
        assert content(files, "a") == data + b"end"

    def test_the_same_writes_again_end_in_the_same_bytes(self, files: RunFiles) -> None:
        for _ in range(2):
            files.write(R, "a", 0, b"one ")
            files.write(R, "a", 4, b"two ")
            files.write(R, "a", 8, b"three")
            assert content(files, "a") == b"one two three"
        assert files.write(R, "a", 4, b"two ") == 13, "the last but one, once more"
        assert content(files, "a") == b"one two three"

    def test_offset_0_begins_anew_also_with_nothing(self, files: RunFiles) -> None:
        files.write(R, "a", 0, b"long content")
        assert files.write(R, "a", 0, b"new") == 3
        assert content(files, "a") == b"new"
        assert files.write(R, "a", 0, b"") == 0
        assert content(files, "a") == b""

    def test_who_reads_the_former_file_reads_on_in_it(self, files: RunFiles) -> None:
        files.write(R, "a", 0, b"the former one")
        with files.open(R, "a") as former:
            assert former.read(4) == b"the "
            files.write(R, "a", 0, b"new")
            assert former.read() == b"former one"
            files.remove(R, "a")
            former.seek(0)
            assert former.read(3) == b"the"

    def test_what_is_behind_a_gap(self, files: RunFiles) -> None:
        files.write(R, "a", 0, b"ab")
        assert files.write(R, "a", 5, b"f") == 6
        assert content(files, "a") == b"ab\0\0\0f"
        assert files.write(R, "fresh", 2, b"c") == 3
        assert content(files, "fresh") == b"\0\0c"

    def test_files_are_listed_by_path(self, files: RunFiles) -> None:
        for number, path in enumerate(("b", "a/z", "B", "a/y/x", "a.b", "ö")):
            files.write(R, path, 0, b"x" * number)
        files.write(OTHER, "c", 0, b"")
        assert files.list(R) == (
            *(PlainFile("B", 2), PlainFile("a.b", 4), PlainFile("a/y/x", 3)),
            *(PlainFile("a/z", 1), PlainFile("b", 0), PlainFile("ö", 5)),
        )
        assert files.list(OTHER) == (PlainFile("c", 0),)
        assert files.list(RunId("unknown")) == ()

    def test_runs_keep_theirs(self, files: RunFiles) -> None:
        files.write(R, "a", 0, b"ours")
        files.write(OTHER, "a", 0, b"theirs")
        files.delete(R)
        files.delete(R)
        assert files.list(R) == ()
        assert content(files, "a", OTHER) == b"theirs"
        with pytest.raises(NotFound):
            files.open(R, "a")
        files.write(R, "a", 0, b"again")
        assert content(files, "a") == b"again"

    def test_removing_may_be_repeated(self, files: RunFiles) -> None:
        files.remove(R, "never/there")
        files.write(R, "logs/a", 0, b"x")
        files.write(R, "logs/b", 0, b"y")
        for _ in range(2):
            files.remove(R, "logs/a")
            assert files.list(R) == (PlainFile("logs/b", 1),)
        files.remove(R, "logs")
        assert content(files, "logs/b") == b"y", "a folder is no file"

    @pytest.mark.parametrize("path", ["a", "b/a", "logs", "logs/a/below"])
    def test_what_is_not_there_cannot_be_opened(self, files: RunFiles, path: str) -> None:
        files.write(R, "logs/a", 0, b"x")
        with pytest.raises(UsageError if path == "logs" else NotFound):
            files.open(R, path)

    @pytest.mark.parametrize("path", ["file/below", "folder", "n" * 300])
    def test_a_file_that_can_never_be_written(self, files: RunFiles, path: str) -> None:
        files.write(R, "file", 0, b"x")
        files.write(R, "folder/inside", 0, b"y")
        for _ in range(2):
            with pytest.raises(Unwritable) as caught:
                files.write(R, path, 0, b"z")
            assert path in caught.value.message
        assert files.list(R) == (PlainFile("file", 1), PlainFile("folder/inside", 1))

    @pytest.mark.parametrize("offset", [-1, 2**63 - 1])
    def test_an_offset_that_no_file_has(self, files: RunFiles, offset: int) -> None:
        with pytest.raises(Unwritable):
            files.write(R, "a", offset, b"x")

    @pytest.mark.parametrize("path", ["", ".", "..", "../a", "a/../../b", "/etc/passwd", "a\0b"])
    def test_evil_paths_lead_nowhere(self, files: RunFiles, path: str) -> None:
        with pytest.raises(UsageError):
            files.write(R, path, 0, b"x")
        with pytest.raises(UsageError):
            files.open(R, path)
        with pytest.raises(UsageError):
            files.remove(R, path)
        assert files.list(R) == ()

    @pytest.mark.parametrize("path", ["..a", "a..", "-rf", "ö/ü", "a\nb", "~", "a b", "%2e%2e"])
    def test_odd_names_are_fine(self, files: RunFiles, path: str) -> None:
        files.write(R, path, 0, b"content")
        assert files.list(R) == (PlainFile(path, 7),)
        assert content(files, path) == b"content"

    def test_readers_see_whole_pieces_of_one_file(self, files: RunFiles) -> None:
        files.write(R, "a", 0, b"0" * 64)

        def work(index: int) -> None:
            if index == 0:
                for number in range(1, 200):
                    files.write(R, "a", number * 64, b"%d" % (number % 10) * 64)
                return
            last = 0
            for _ in range(50):
                data = content(files, "a")
                assert len(data) >= last, "it only grows"
                last = len(data)
                whole = data[: len(data) // 64 * 64]
                assert whole == b"".join(b"%d" % (n % 10) * 64 for n in range(len(whole) // 64))

        in_threads(3, work)
        assert files.list(R) == (PlainFile("a", 200 * 64),)

    def test_what_a_stream_says_of_files(self, files: RunFiles) -> None:
        gone = FileRemoved(R, "gone")
        told = write_bytes(
            [
                FileBytes(R, "logs//a", 0, b"one "),
                FileBytes(R, "logs//a", 4, b"two"),
                FileBytes(R, "gone", 0, b"x"),
                gone,
                FileBytes(R, "logs/a/below", 0, b"x"),
                FileBytes(R, "../evil", 0, b"x"),
            ],
            files,
        )
        assert [type(each) for each in told] == [
            FileAdded,
            FileRemoved,
            RecordsDropped,
            RecordsDropped,
        ]
        assert isinstance(told[0], FileAdded)
        assert (told[0].path, told[0].key, told[0].size_bytes) == ("logs/a", "", 7)
        assert files.list(R) == (PlainFile("logs/a", 7),)
