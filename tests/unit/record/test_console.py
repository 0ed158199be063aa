# ruff: noqa: T201 - printing is what is tested
"""What is printed reaches the terminal untouched and the run line by line."""

import errno
import io
import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from tests.spools import lines_of
from tests.waiting import PATIENCE_S

from trackboard.model import CONSOLE, RunId
from trackboard.record import LiveRun, Recorder, capture_console
from trackboard.record import console as console_module
from trackboard.workspace import Workspace


class Terminal(io.StringIO):
    def fileno(self) -> int:
        return 77


@contextmanager
def on(terminal: Terminal) -> Iterator[None]:
    """Not a fixture: pytest gives each phase of a test streams of its own."""
    with redirect_stdout(terminal), redirect_stderr(terminal):
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path)
    yield workspace
    workspace.close()


@pytest.fixture
def live(workspace: Workspace) -> LiveRun:
    return workspace.recorder().create_run("e", run_id="run")


def kept(workspace: Workspace, run: str = "run") -> str:
    workspace.drain()
    path = workspace.run_folder(RunId(run)) / CONSOLE
    return path.read_text() if path.exists() else ""


def test_lines_of_both_streams(workspace: Workspace, live: LiveRun) -> None:
    terminal = Terminal()
    with on(terminal), capture_console(live):
        print("one", end="")
        print("warning ü", file=sys.stderr)
        print(" and a half")
        sys.stdout.writelines(["two\n", "three"])
        assert kept(workspace) == "warning ü\none and a half\ntwo\n"
    with on(terminal):
        print("after")
    assert kept(workspace) == "warning ü\none and a half\ntwo\nthree\n"
    assert terminal.getvalue() == "onewarning ü\n and a half\ntwo\nthreeafter\n"


def test_a_progress_bar_is_kept_as_it_ended(workspace: Workspace, live: LiveRun) -> None:
    terminal = Terminal()
    with on(terminal), capture_console(live):
        for percent in range(101):
            sys.stderr.write(f"\r{percent:3}%|{'#' * percent}")
        sys.stderr.write("\n")
        print("windows\r")
        sys.stdout.write("a\rb\r")
        sys.stdout.write("\n")
    assert kept(workspace) == f"100%|{'#' * 100}\nwindows\nb\n"
    assert terminal.getvalue().count("%|") == 101


def test_a_line_without_an_end_does_not_wait_forever(workspace: Workspace, live: LiveRun) -> None:
    terminal = Terminal()
    with on(terminal), capture_console(live):
        print("x" * 100_000, end="")
        assert len(kept(workspace)) == 100_000
    assert kept(workspace) == terminal.getvalue() == "x" * 100_000


def test_an_exception_is_told_and_goes_on(workspace: Workspace, live: LiveRun) -> None:
    before = sys.stdout

    def fail() -> None:
        print("half", end="")
        _ = 1 / 0

    with pytest.raises(ZeroDivisionError) as caught, capture_console(live):
        fail()
    assert caught.traceback[-1].name == "fail"
    assert sys.stdout is before
    lines = kept(workspace).splitlines()
    assert lines[:2] == ["half", "Traceback (most recent call last):"]
    assert lines[-1] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(("code", "told"), [(0, ""), (None, ""), (2, ""), ("no data", "no data\n")])
def test_sys_exit_goes_on(
    workspace: Workspace, live: LiveRun, code: str | int | None, told: str
) -> None:
    with pytest.raises(SystemExit) as caught, capture_console(live):
        sys.exit(code)
    assert caught.value.code == code
    assert kept(workspace) == told


def test_captures_nest_and_repeat(workspace: Workspace, live: LiveRun) -> None:
    child = live.child(run_id="child")
    with capture_console(live):
        print("both follow")
        with capture_console(child), capture_console(live):
            print("child's too")
        print("only the parent's")
    with capture_console(live):
        print("again")
    assert kept(workspace) == "both follow\nchild's too\nonly the parent's\nagain\n"
    assert kept(workspace, "child") == "child's too\n"


def test_who_kept_the_stream_goes_on(workspace: Workspace, live: LiveRun) -> None:
    terminal = Terminal()
    logger = logging.Logger("kept")
    with on(terminal):
        with capture_console(live):
            logger.addHandler(logging.StreamHandler())
            logger.warning("within")
        logger.warning("afterwards")
    assert kept(workspace) == "within\n"
    assert terminal.getvalue() == "within\nafterwards\n"


def test_a_stream_that_somebody_else_replaced_stays(live: LiveRun) -> None:
    terminal = Terminal()
    other = io.StringIO()
    with on(terminal):
        with capture_console(live):
            sys.stdout = other
        assert sys.stdout is other
        assert sys.stderr is terminal


def test_the_stream_looks_like_the_other_one(live: LiveRun) -> None:
    with on(Terminal()), capture_console(live):
        assert sys.stdout.fileno() == 77
        assert sys.stdout.isatty() is False
        with pytest.raises(AttributeError):
            _ = sys.stdout.no_such_thing  # type: ignore[union-attr]
        with pytest.raises(TypeError):
            sys.stdout.write(b"bytes")  # type: ignore[arg-type]


def test_a_process_without_a_console(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with capture_console(live):
        assert sys.stdout is None


def test_runs_of_others_are_left_alone(workspace: Workspace) -> None:
    job = workspace.recorder().attach(RunId("job"), owner=False)
    before = sys.stdout
    with capture_console(job):
        assert sys.stdout is before


def test_a_fork_prints_but_is_not_captured(workspace: Workspace, live: LiveRun) -> None:
    with capture_console(live):
        print("parent", end="")
        pid = os.fork()
        if pid == 0:
            print("child")
            os._exit(0)
        os.waitpid(pid, 0)
        print()
    assert kept(workspace) == "parent\n"


def test_many_threads_lose_no_line(workspace: Workspace, live: LiveRun) -> None:
    def chatter(name: int) -> None:
        for number in range(500):
            sys.stdout.write(f"{name} {number}\n")

    with capture_console(live):
        threads = [threading.Thread(target=chatter, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = kept(workspace).splitlines()
    for name in range(4):
        mine = [line for line in lines if line.startswith(f"{name} ")]
        assert mine == [f"{name} {number}" for number in range(500)]


def test_a_spool_that_complains_on_the_console_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread holds the spool and prints, the other prints and wants the spool."""
    live = Recorder(tmp_path / "spool", retry_s=0.0).create_run("e")

    def refuse(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def complain(*_words: object) -> None:
        time.sleep(0.001)
        print("no space", file=sys.stderr)

    def log() -> None:
        for number in range(100):
            live.log("loss", number)

    terminal = Terminal()
    with on(terminal), capture_console(live):
        monkeypatch.setattr("trackboard.spool.writer._write", refuse)
        monkeypatch.setattr(logging.getLogger("trackboard"), "warning", complain)
        thread = threading.Thread(target=log, daemon=True)
        thread.start()
        for number in range(100):
            live._sink._said_refusal = False  # type: ignore[attr-defined]
            print(number)
        thread.join(timeout=PATIENCE_S)
    assert not thread.is_alive()
    assert all(str(number) in terminal.getvalue() for number in range(100))


class File:
    """Stands for a run: a file whose bytes may be written twice."""

    def __init__(self) -> None:
        self.data = bytearray()

    def append_bytes(self, _path: str, offset: int, data: bytes) -> None:
        assert offset <= len(self.data), "a hole"
        self.data[offset : offset + len(data)] = data


@pytest.mark.parametrize("what", ["raise", "print"])
def test_a_signal_handler_may_come_in_at_any_line(what: str) -> None:
    for reach in itertools.count(1):
        file, reached = File(), False
        console = console_module._Console(file)  # type: ignore[arg-type]
        console.write(1, "first\nhalf ")

        def come_in(console: console_module._Console = console) -> None:
            nonlocal reached
            reached = True
            sys.settrace(None)
            if what == "raise":
                raise KeyboardInterrupt
            console.write(2, "handler\n")

        sys.settrace(lines_of(Path(console_module.__file__), reach, come_in))
        try:
            console.write(1, "a line\n")
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        console.write(1, "last\n")
        lines = file.data.decode().splitlines()
        if not reached:
            return
        if what == "print":
            assert sorted(lines) == ["first", "half a line", "handler", "last"]
        else:  # what was interrupted may be missing, and nothing else
            assert lines in (["first", "half a line", "last"], ["first", "half last"])
