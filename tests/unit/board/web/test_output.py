"""What a board's process says, into files, pipes that nobody reads and pipes that are closed."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.board.web.output import MOST_KINDS, BoundedStream, bounded_output


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


@contextlib.contextmanager
def output_in(folder: Path) -> Iterator[Path]:
    """Standard error is a file, bounded."""
    path = folder / "output"
    with path.open("w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", file)
        with bounded_output():
            yield path


def test_a_pipe_that_nobody_reads_stops_nothing(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    stream = BoundedStream(writing, most_bytes=1 << 30)
    for number in range(5_000):
        stream.write(f"{number} {'x' * 100}\n")
    taken = os.read(reading, 1 << 20)
    assert taken.startswith(b"0 xxx")
    assert len(taken) <= 1 << 16
    stream.write("again\n")
    rest = os.read(reading, 1 << 20).decode()
    assert "messages were left out)\nagain\n" in rest


def test_a_pipe_that_was_closed_stops_nothing(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    stream = BoundedStream(writing)
    assert [stream.write("a\n") for _ in range(3)] == [2, 2, 2]
    os.close(writing)
    assert stream.write("a\n") == 2


def test_a_file_has_a_greatest_size(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        stream = BoundedStream(file.fileno(), most_bytes=100)
        for _ in range(50):
            stream.write("0123456789\n")
    text = (tmp_path / "log").read_text()
    assert text == "0123456789\n" * 9 + "(no more is written here)\n"


def test_each_kind_of_message_is_written_once(tmp_path: Path) -> None:
    logger = logging.getLogger("tensorboard")
    with output_in(tmp_path) as output:
        for number in range(100):
            logger.warning("path %s not found, sending 404", f"/{number}")
            for error in (KeyError(number), ValueError(number)):
                try:
                    raise error
                except (KeyError, ValueError):
                    logger.exception("GET /%d", number)
        sys.stderr.write("not by logging\n")
    text = output.read_text()
    assert "path /0 not found" in text
    assert "path /1 not found" not in text
    assert text.count("Traceback") == 2
    assert text.count("is not written any more") == 3
    assert "KeyError: 0" in text
    assert "ValueError: 0" in text
    assert text.endswith("not by logging\n")


def test_a_message_and_the_number_of_kinds_have_an_end(tmp_path: Path) -> None:
    with output_in(tmp_path) as output:
        logging.getLogger("a").error("x" * 1_000_000)
        for number in range(3 * MOST_KINDS):
            exec(
                compile("\n" * number + "logging.error('a')", "made up", "exec"),
                {"logging": logging},
            )
    lines = output.read_text().splitlines()
    assert max(map(len, lines)) <= 8_000
    assert len(lines) == MOST_KINDS


def test_what_was_there_is_back_afterwards(tmp_path: Path) -> None:
    real, handlers = sys.stderr, list(logging.getLogger().handlers)
    with pytest.raises(RuntimeError), output_in(tmp_path):
        raise RuntimeError
    assert sys.stderr is real
    assert logging.getLogger().handlers == handlers
