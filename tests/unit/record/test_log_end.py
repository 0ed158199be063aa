from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.record.log_end import as_seen, read_end


def test_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("".join(f"line {number}\n" for number in range(40)))
    assert read_end(log, 3) == ["line 37", "line 38", "line 39"]


@pytest.mark.parametrize("text", [None, "", "\n\n", " \r\n"])
def test_nothing_to_show(tmp_path: Path, text: str | None) -> None:
    log = tmp_path / "log.txt"
    if text is not None:
        log.write_text(text)
    assert read_end(log, 3) == []
    assert read_end(log / "below", 3) == []


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    assert read_end(tmp_path, 3) == ["it cannot be read: Is a directory"]


def test_of_a_large_file_little_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"x" * 1_000_000 + b"\nlast\n")
    assert read_end(log, 30) == ["last"]
    log.write_bytes(b"y" * 1_000_000)
    (line,) = read_end(log, 30)
    assert line == "…" + "y" * 500


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (" 10%\r 50%\r100%", "100%"),
        (" 10%\r 50%\r", " 50%"),
        ("\x1b[1;32mok\x1b[0m done", "ok done"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b[?25l\x1b[2Kspin", "spin"),
        ("a\x00b\x07c\x7f", "abc"),
        ("a\tb  ", "a   b"),
        ("x\x02y\x03", "xy"),
    ],
)
def test_as_a_terminal_shows_it(written: str, seen: str) -> None:
    assert as_seen(written) == seen
