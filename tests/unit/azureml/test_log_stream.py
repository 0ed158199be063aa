"""Logs as they are printed while somebody waits: each line once, bars folded, never all in memory."""

from __future__ import annotations

import io
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from azureml import _log_stream
from azureml._log_stream import LogStream, Tail
from azureml._log_watch import LogWatch
from trackboard.service import FilePiece

Said = pytest.CaptureFixture[str]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "std_log.txt"


def tail_in(folder: Path) -> Tail:
    """Return what reads on in the files of a folder."""

    def tail(path: str, offset: int, limit_bytes: int) -> FilePiece | None:
        try:
            whole = (folder / path).open("rb")
        except FileNotFoundError:
            return None
        with whole as file:
            size_bytes = file.seek(0, os.SEEK_END)
            begin = offset if offset <= size_bytes else 0
            file.seek(begin)
            return FilePiece(file.read(limit_bytes), begin, size_bytes)

    return tail


def _append(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data)


def _print_all(log: Path, *pieces: bytes) -> None:
    """Print a log that grows by these pieces."""
    stream = LogStream(tail_in(log.parent), log.name, log)
    for piece in pieces:
        _append(log, piece)
        stream.show(to_the_end=False)
    stream.show(to_the_end=True)


class Plain:
    """All that was printed in a test."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._said.readouterr().out
        return self._text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def plain(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> Plain:
    """Standard output that is no terminal, and no notebook."""
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    return Plain(capsys)


def test_lines_come_whole_and_once(log: Path, plain: Plain) -> None:
    stream = LogStream(tail_in(log.parent), log.name, log)
    assert not stream.show(to_the_end=False)
    _append(log, b"one\ntw")
    assert stream.show(to_the_end=False)
    assert plain.getvalue() == "one\n"
    _append(log, "o é".encode()[:-1])
    stream.show(to_the_end=False)
    assert not stream.show(to_the_end=False)
    _append(log, "é".encode()[-1:] + b"\n\nend")
    stream.show(to_the_end=True)
    assert plain.getvalue() == "one\ntwo é\n\nend\n"


@pytest.mark.parametrize(
    ("pieces", "printed"),
    [
        ([b"\r 0%\r 50%\r100%\n"], "100%\n"),
        ([b"\r 0%", b"\r 50%", b"\r100%", b"\nnext\n"], "100%\nnext\n"),
        ([b" 0%\r", b"50%\r", b"99%\r", b"\n"], "99%\n"),
        ([b"dos\r", b"\nline\r\n"], "dos\nline\n"),
        ([b"a\rb\nc\rd\ne"], "b\nd\ne\n"),
        ([b"\r10%", b"\r20%"], "20%\n"),
        ([b"bad \xff byte\n"], "bad \ufffd byte\n"),
        ([b""], ""),
    ],
)
def test_progress_bars_are_folded(
    log: Path, plain: Plain, pieces: list[bytes], printed: str
) -> None:
    _print_all(log, *pieces)
    assert plain.getvalue() == printed


def test_a_progress_bar_moves_where_it_can(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    _print_all(log, b"begin\n\r 10% of it", b"\r 20%", b"\r100%\nend\n")
    assert terminal.getvalue() == "begin\n\r 10% of it\r 20%      \r100%\nend\n"


def test_a_log_that_was_begun_anew(log: Path, plain: Plain) -> None:
    stream = LogStream(tail_in(log.parent), log.name, log)
    log.write_bytes(b"old and longer\n")
    stream.show(to_the_end=False)
    log.write_bytes(b"new\n")
    stream.show(to_the_end=False)
    assert plain.getvalue() == "old and longer\nnew\n"


def test_of_ten_million_lines_the_begin_and_the_end(log: Path, plain: Plain) -> None:
    lines = b"".join(b"%07d\n" % number for number in range(100_000))
    with log.open("wb") as file:
        for _ in range(100):
            file.write(lines)
    tracemalloc.start()
    stream = LogStream(tail_in(log.parent), log.name, log)
    monitor = stream.show(to_the_end=False)
    before = len(plain.getvalue())
    stream.show(to_the_end=False)
    assert monitor
    assert len(plain.getvalue()) == before
    stream.show(to_the_end=True)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    printed = plain.getvalue().splitlines()
    assert printed[0] == "0000000"
    assert [line for line in printed if not line.isdecimal()] == [
        "[trackboard] the log is longer than 10 MB: from here on only its end is printed, when the run"
        f" has ended. All of it is in {log}"
    ]
    assert printed[-1] == "0099999"
    assert all(len(line) == 7 for line in printed[-100:])
    assert len(plain.getvalue()) < 10_100_000
    assert peak_bytes < 60_000_000, "what was printed is kept here; the log has 800 MB"


def test_one_endless_line(log: Path, plain: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_log_stream, "LIMIT_BYTES", 1_000_000)
    log.write_bytes(b"x" * 900_000)
    LogStream(tail_in(log.parent), log.name, log).show(to_the_end=True)
    assert plain.getvalue() == "x" * 900_000 + "\n"


def test_first_the_environment_then_the_script(tmp_path: Path, plain: Plain) -> None:
    watch = LogWatch(tail_in(tmp_path), tmp_path, has_ended=False)
    assert not watch.poll("Queued", is_over=False)
    for name in ("azureml-logs", "user_logs"):
        (tmp_path / name).mkdir()
    build = tmp_path / "azureml-logs" / "20_image_build_log.txt"
    console = tmp_path / "user_logs" / "std_log.txt"
    build.write_text("resolving\n")
    console.write_text("[trackboard] building\n")
    assert watch.poll("Preparing", is_over=False)
    _append(build, b"installing\n")
    _append(console, b"hello\n")
    assert watch.poll("Running", is_over=False)
    assert not watch.poll("Running", is_over=False)
    _append(console, b"end")
    watch.poll("Completed", is_over=True)
    first, second = (f"Streaming {path.relative_to(tmp_path)}" for path in (build, console))
    assert plain.getvalue() == (
        f"\n{first}\n{'=' * len(first)}\n\nresolving\ninstalling\n"
        f"\n{second}\n{'=' * len(second)}\n\n[trackboard] building\nhello\nend\n"
    )


def test_how_a_finished_run_was_built_is_not_printed(tmp_path: Path, plain: Plain) -> None:
    (tmp_path / "azureml-logs").mkdir()
    (tmp_path / "azureml-logs" / "20_image_build_log.txt").write_text("resolving\n")
    LogWatch(tail_in(tmp_path), tmp_path, has_ended=True).poll("Completed", is_over=True)
    assert plain.getvalue() == ""
