"""Lines around an offset, of files of any length: how many bytes are read is counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trackboard.server.logs.search import MOST_MATCHES, search
from trackboard.server.logs.window import (
    COUNTED_BYTES,
    MOST_LINES,
    PIECE_BYTES,
    Window,
    read_around,
    read_before,
    read_from,
)
from trackboard.service import FilePiece

GIGABYTE = 1 << 30


class Log:
    """A file, and how many bytes of it were read."""

    def __init__(self, path: Path, content: bytes = b"") -> None:
        self.path, self.read_bytes = path, 0
        path.write_bytes(content)

    def read(self, offset: int, limit_bytes: int) -> FilePiece:
        with self.path.open("rb") as file:
            size_bytes = file.seek(0, 2)
            begin = offset if offset <= size_bytes else 0
            file.seek(begin)
            data = file.read(limit_bytes)
        self.read_bytes += len(data)
        return FilePiece(data, begin, size_bytes)


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Log]:
    return lambda content=b"": Log(tmp_path / "log.txt", content)


def texts(window: Window | None) -> list[str]:
    assert window is not None
    return [each.shown.text for each in window.lines]


def made(count: int) -> bytes:
    return b"".join(b"line %06d\n" % number for number in range(count))


def test_the_end_of_a_gigabyte_costs_a_piece(log: Callable[..., Log]) -> None:
    big = log()
    with big.path.open("r+b") as file:
        file.truncate(GIGABYTE)
        file.seek(0, 2)
        file.write(b"\n" + made(100))
    window = read_before(big.read, None)
    assert texts(window)[-1] == "line 000099"
    assert window is not None
    assert window.size_bytes > GIGABYTE
    assert big.read_bytes <= PIECE_BYTES
    assert window.lines[-1].number is None, "so far nobody counts"


def test_all_lines_are_reached_by_going_back(log: Callable[..., Log]) -> None:
    content = made(20_000) + b"no end of line"
    seen: list[str] = []
    file, before = log(content), None
    while before != 0:
        window = read_before(file.read, before)
        assert window is not None
        assert len(window.lines) <= MOST_LINES
        seen, before = [*texts(window), *seen], window.begin
    assert seen == content.decode().split("\n")


def test_all_lines_are_reached_by_going_on(log: Callable[..., Log]) -> None:
    content = made(20_000) + b"no end of line"
    seen: list[str] = []
    file, at = log(content), 0
    while at < len(content):
        window = read_from(file.read, at)
        assert window is not None
        seen, at = [*seen, *texts(window)], window.end
    assert seen == content.decode().split("\n")


def test_lines_have_numbers_and_their_offset_finds_them_again(log: Callable[..., Log]) -> None:
    file = log(made(20_000))
    window = read_around(file.read, 12 * 10_000)
    assert window is not None
    (line,) = [each for each in window.lines if each.offset == 12 * 10_000]
    assert (line.number, line.shown.text) == (10_001, "line 010000")
    far = read_around(log(made(300_000)).read, COUNTED_BYTES + 12 * 1000)
    assert far is not None
    assert far.lines[0].number is None


@pytest.mark.parametrize("ends", [b"", b"\n"])
def test_a_line_of_fifty_megabytes_is_shown_a_page_at_a_time(
    log: Callable[..., Log], ends: bytes
) -> None:
    file = log(b"first\n" + "é".encode() * 25_000_000 + ends)
    window = read_before(file.read, None)
    assert window is not None
    assert len(window.lines) == 1
    assert window.is_cut
    assert set(window.lines[0].shown.text) == {"é"}, "it begins with a whole character"
    assert window.begin > 0
    older = read_before(file.read, window.begin)
    assert older is not None
    assert older.begin < older.end <= window.begin, "going back comes further"
    assert file.read_bytes < 10 * PIECE_BYTES
    around = read_around(file.read, 25_000_000)
    assert around is not None
    assert around.lines[0].offset == 25_000_000


def test_bytes_that_are_no_text_are_shown_as_such(log: Callable[..., Log]) -> None:
    assert texts(read_before(log(b"\xff\xfe ok\n\xc3").read, None)) == ["�� ok", "�"]


def test_an_offset_behind_the_end_is_the_end(log: Callable[..., Log]) -> None:
    file = log(made(3))
    for read in (read_before, read_around, read_from):
        window = read(file.read, 10**17)
        assert window is not None
        assert window.end == window.size_bytes
    assert texts(read_before(log(b"").read, None)) == []


def test_a_log_that_grows_and_one_that_begins_anew_while_it_is_read(tmp_path: Path) -> None:
    file = Log(tmp_path / "log.txt", made(10))

    def grow_and_read(offset: int, limit_bytes: int) -> FilePiece:
        with file.path.open("ab") as more:
            more.write(b"more\n")
        return file.read(offset, limit_bytes)

    window = read_before(grow_and_read, None)
    assert texts(window) == [*made(10).decode().split("\n")[:-1], "more"], "as it was when asked"

    def shrink_and_read(offset: int, limit_bytes: int) -> FilePiece:
        piece = file.read(offset, limit_bytes)
        file.path.write_bytes(b"")
        return piece

    assert texts(read_before(shrink_and_read, None)) == []
    assert texts(read_from(shrink_and_read, 50)) == []


# -- search ----------------------------------------------------------------------------------------


def test_lines_that_match_are_found_with_their_offsets(log: Callable[..., Log]) -> None:
    found = search(log(made(20_000)).read, r"[02]5000$")
    assert found is not None
    assert [(each.offset // 12, each.before, each.found) for each in found.matches] == [
        (5000, "line 0", "05000")
    ]
    assert found.end == found.size_bytes


@pytest.mark.parametrize(
    ("content", "expression", "matches"),
    [
        (b"a\n\nb\n", "^$", [("", 2)]),
        (b"a\n\nb\n", "x*", [("", 0), ("", 2), ("", 3)]),
        (b"ab\ncd", "b\\s*c", []),
        (b"ab\ncd", "[^x]+", [("ab", 0), ("cd", 3)]),
        (b"loss: \x1b[1m0.5\x1b[0m\n", "loss: 0", [("loss: 0", 0)]),
        (b"10%\r20%\nend\r\n", "end$", [("end", 8)]),
        (b"\xff bad\n\xe9rror\n", "bad|rror", [("bad", 0), ("rror", 6)]),
        (b"", "a", []),
    ],
)
def test_a_match_stays_within_its_line_as_it_is_seen(
    log: Callable[..., Log], content: bytes, expression: str, matches: list[tuple[str, int]]
) -> None:
    found = search(log(content).read, expression)
    assert found is not None
    assert [(each.found, each.offset) for each in found.matches] == matches


def test_a_search_goes_on_where_it_stopped(log: Callable[..., Log]) -> None:
    file, seen, at = log(made(1000)), [], 0
    while at < 12_000:
        found = search(file.read, "line", at)
        assert found is not None
        assert len(found.matches) <= MOST_MATCHES
        seen += [each.offset for each in found.matches]
        at = found.end
    assert seen == [12 * number for number in range(1000)]


def test_a_search_ends_when_its_time_is_over(log: Callable[..., Log]) -> None:
    times = iter(range(1000))
    file = log(made(100_000))
    found = search(file.read, "(a+)+$", clock=lambda: next(times) / 3)
    assert found is not None
    assert 0 < found.end < found.size_bytes
    assert found.matches == ()


def test_what_is_in_a_long_line_is_found_and_can_be_gone_to(log: Callable[..., Log]) -> None:
    file = log(b"x" * 3_000_000 + b"needle" + b"y" * 3_000_000 + b"\n")
    found = search(file.read, "needle")
    assert found is not None
    assert {each.offset for each in found.matches} == {3_000_000}
    window = read_around(file.read, 3_000_000)
    assert window is not None
    assert window.lines[0].offset == 3_000_000
