"""A board's process: when it starts, what it says, and that it ends with whoever started it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.waiting import PATIENCE_S, until

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.errors import Unavailable, UsageError
from trackboard.workspace import Workspace

# A process that starts a board, says where, and then does what its first argument says.
STARTER = """
import os, signal, subprocess, sys, time
from pathlib import Path
from trackboard.board.process.launcher import BoardProcess, Show
board = BoardProcess.start(Show(log_folder=Path(sys.argv[2])), port=0)
if sys.argv[1] == "fork" and os.fork() == 0:
    time.sleep(600)
if sys.argv[1] == "stop in a fork" and os.fork() == 0:
    board.stop()
    os._exit(1 if board.is_running else 0)
if sys.argv[1] == "spawn":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
if sys.argv[1] == "exit":
    print(board.url, flush=True)
    sys.exit()
interrupted = []
signal.signal(signal.SIGINT, lambda *_: interrupted.append(1))
print(board.url, flush=True)
while True:
    time.sleep(0.05)
    if interrupted:
        print("interrupted", board.is_running, flush=True)
        interrupted.clear()
"""


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.close()


@contextlib.contextmanager
def started(show: Show, port: int = 0) -> Iterator[BoardProcess]:
    board = BoardProcess.start(show, port=port)
    try:
        yield board
    finally:
        board.stop()


@contextlib.contextmanager
def starter(how: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = [sys.executable, "-c", STARTER, how, str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)
        process.stdout.close()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        body: bytes = answer.read()
        return body


def is_answered(url: str) -> bool:
    port = int(url.rstrip("/").rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until_gone(url: str) -> None:
    """Wait until nobody answers any more."""
    until(lambda: not is_answered(url), f"{url} is still answered")


def test_a_board_answers_when_start_returns_and_stop_frees_its_port(workspace: Workspace) -> None:
    with started(Show(workspace=workspace.folder)) as board:
        assert json.loads(fetch(f"{board.url}data/runs")) == []
        assert board.is_running
        assert board.moved_from is None
        output = board._folder.path
        board.stop()
        assert board._child.returncode == 0, "it was ended by force"
        assert not is_answered(board.url)
        assert not board.is_running
        board.stop()
    assert list((workspace.folder / "boards").iterdir()) == []
    assert not output.exists()


def test_a_taken_port_moves_on_and_says_from_where(tmp_path: Path) -> None:
    show = Show(log_folder=tmp_path)
    with started(show) as first, started(show, port=first.port) as second:
        assert second.moved_from == first.port
        assert second.port > first.port
        assert fetch(f"{second.url}-/changes")


def test_a_kept_connection_does_not_delay_the_end(tmp_path: Path) -> None:
    with (
        started(Show(log_folder=tmp_path)) as board,
        socket.create_connection(("127.0.0.1", board.port), timeout=PATIENCE_S) as idle,
    ):
        idle.sendall(b"GET /-/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        board.stop()
        assert board._child.returncode == 0, "it was ended by force"


@pytest.mark.parametrize("how", ["stay", "fork", "spawn"])
def test_a_board_ends_when_its_starter_is_killed(tmp_path: Path, how: str) -> None:
    """Also while forked or spawned children of the starter live on."""
    with starter(how, tmp_path) as (process, url):
        assert is_answered(url)
        children = psutil.Process(process.pid).children()
        process.kill()
        until_gone(url)
        if how != "stay":
            assert any(child.is_running() for child in children)


def test_a_board_ends_when_its_starter_ends_normally(tmp_path: Path) -> None:
    with starter("exit", tmp_path) as (process, url):
        assert process.wait(PATIENCE_S) == 0
        until_gone(url)


def test_interrupting_the_starters_process_group_does_not_end_the_board(tmp_path: Path) -> None:
    with starter("stay", tmp_path) as (process, url):
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "interrupted True\n"
        assert fetch(f"{url}-/changes")


def test_a_fork_leaves_the_board_alone(tmp_path: Path) -> None:
    with starter("stop in a fork", tmp_path) as (process, url):
        time.sleep(0.5)
        assert fetch(f"{url}-/changes")
        process.kill()
        until_gone(url)


@pytest.mark.parametrize(
    ("source", "ending", "said"),
    [
        ("raise ImportError('half of it is missing')", "exit code 1", "half of it is missing"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL", ""),
        ("import os; os._exit(0)", "exit code 0", ""),
    ],
)
def test_a_board_that_cannot_start_is_an_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, ending: str, said: str
) -> None:
    (tmp_path / "tensorboard.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Unavailable) as caught:
        BoardProcess.start(Show(log_folder=tmp_path), port=0, ready_timeout_s=1e6)
    assert f"TensorBoard could not start ({ending})" in caught.value.message
    assert said in caught.value.message
    assert "pip install" in caught.value.hint
    assert str(tmp_path) in caught.value.hint


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_starter_that_ends_while_the_board_still_starts_takes_it_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """The board hangs in an import then; SIGINT is an interrupted cell."""
    (tmp_path / "tensorboard.py").write_text(
        f"open({str(tmp_path / 'begun')!r}, 'w').close(); import time; time.sleep(600)"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    words = [sys.executable, "-c", STARTER, "stay", str(tmp_path)]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as process:
        try:
            until((tmp_path / "begun").exists)
            [board] = psutil.Process(process.pid).children()
            process.send_signal(number)
            board.wait(PATIENCE_S)
            assert list(tmp_path.glob("*.log")) == []
        finally:
            process.kill()


def test_what_the_board_refuses_is_raised_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        BoardProcess.start(Show(log_folder=tmp_path / "file"), port=0)
    with pytest.raises(UsageError, match="cannot listen"):
        BoardProcess.start(Show(log_folder=tmp_path), port=0, host="192.0.2.77")


def test_tensorflow_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with started(Show(log_folder=tmp_path)) as board:
        assert fetch(f"{board.url}data/plugins_listing")
        assert fetch(f"{board.url}data/runs")


# -- the verb in the foreground --------------------------------------------------------------------


@contextlib.contextmanager
def foreground(*words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    command = [sys.executable, "-m", "trackboard", "tb", "--json", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_tb_ends_with_exit_code_zero_and_leaves_nothing(
    empty_folder: Path, number: signal.Signals
) -> None:
    with foreground("--port", "0") as (process, said):
        folder = empty_folder / ".trackboard" / "default"
        assert said["folder"] == str(folder)
        assert len(list((folder / "boards").glob("*.json"))) == 1
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert not is_answered(str(said["url"]))
        assert list((folder / "boards").iterdir()) == []


def test_tb_shows_a_plain_folder_without_making_a_workspace(empty_folder: Path) -> None:
    with foreground("--port", "0", ".") as (_, said):
        assert said["folder"] == str(empty_folder)
        assert json.loads(fetch(f"{said['url']}data/runs")) == []
        assert list(empty_folder.iterdir()) == []


def test_stop_ends_the_boards_of_this_folder(workspace: Workspace) -> None:
    show = Show(workspace=workspace.folder)
    with foreground("--port", "0") as (process, said), started(show) as board:
        done = subprocess.run(
            [sys.executable, "-m", "trackboard", "stop"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        assert set(done.stdout.splitlines()) == {f"stopped {said['url']}", f"stopped {board.url}"}
        assert process.wait(PATIENCE_S) == 0
        until(lambda: not board.is_running)  # its lock is free before it has ended
