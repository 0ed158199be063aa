"""What is said of a large snapshot, and while one is taken slowly."""

import io
from pathlib import Path

import pytest

from trackboard.format.amounts import count, size
from trackboard.launch.snapshot.manifest import FileEntry, Manifest
from trackboard.launch.snapshot.progress import Progress
from trackboard.launch.snapshot.size_warning import warn_if_large
from trackboard.notice import say_once

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _nothing_was_said() -> None:
    say_once.cache_clear()


def _manifest(**sizes: int) -> Manifest:
    return Manifest(
        tuple(FileEntry(name.replace("_", "/"), 0o644, size, "") for name, size in sizes.items())
    )


def test_code_is_not_large(capsys: Said) -> None:
    warn_if_large("/src", _manifest(**{f"f{n}": 150_000 for n in range(2_000)}))
    assert capsys.readouterr().err == ""


def test_the_biggest_files_are_named_once(capsys: Said) -> None:
    manifest = _manifest(a=1, data_x=300_000_000, data_y=2_500_000, z=3_000)
    for _ in range(2):
        warn_if_large("/src", manifest)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("trackboard: the snapshot of /src has 4 files, 302.5 MB; most of it:")
    assert "data/x (300.0 MB), data/y (2.5 MB), z (3.0 kB)." in line
    assert ".amlignore" in line


def test_the_fullest_folders_are_named(capsys: Said) -> None:
    many = {f"images_{n}": 1 for n in range(2_000)}
    warn_if_large("/src", _manifest(train=1, **many))
    assert "2,001 files, 2.0 kB; most of it: images/ (2,000 files), ./ (1 file)." in (
        capsys.readouterr().err
    )


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _take_a_minute(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    clock = Clock()
    monkeypatch.setattr("trackboard.launch.snapshot.progress.time.monotonic", clock)
    progress = Progress("/src", stream)
    for _ in range(600):
        clock.now_s += 0.1
        progress.add_file()
        progress.add_bytes(1_000_000)
    progress.close()
    return stream.getvalue().replace("\r", "\n").strip().splitlines()


def test_few_lines_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _take_a_minute(io.StringIO(), monkeypatch)
    assert 3 <= len(lines) <= 5
    assert lines[0].startswith("trackboard: taking a snapshot of /src: 2")
    assert lines[0].endswith(" MB copied")


def test_one_line_that_changes_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    assert len(_take_a_minute(stream, monkeypatch)) > 100
    assert stream.getvalue().count("\n") == 1


def test_who_is_quick_says_nothing(tmp_path: Path) -> None:
    stream = io.StringIO()
    progress = Progress(str(tmp_path), stream)
    for _ in range(1_000):
        progress.add_file()
    progress.close()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("size_bytes", "told"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (2.5e12, "2.5 TB")]
)
def test_sizes(size_bytes: float, told: str) -> None:
    assert size(size_bytes) == told


def test_counts() -> None:
    assert [count(n, "file") for n in (0, 1, 12_345)] == ["0 files", "1 file", "12,345 files"]
