"""Which boards run: told by a lock that a real other process holds."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S

from trackboard.board.process import registry
from trackboard.board.process.registry import RunningBoard
from trackboard.errors import Unavailable

URL = "http://localhost:6007/"
BOARD = """
import signal, sys
from pathlib import Path
from trackboard.board.process.registry import announced
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with announced(Path(sys.argv[1]), "http://localhost:6007/"):
    print("ready", flush=True)
    signal.pause()
"""


class Boards:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, how: str = "polite") -> RunningBoard:
        words = [sys.executable, "-c", BOARD, str(self.folder), how]
        child = subprocess.Popen(words, stdout=subprocess.PIPE)
        self.children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        [board] = [one for one in registry.list_running(self.folder) if one.pid == child.pid]
        assert (board.host, board.url) == (socket.gethostname(), URL)
        return board


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[Boards]:
    boards = Boards(tmp_path / "boards")
    yield boards
    for child in boards.children:
        child.kill()
        child.communicate()


def test_a_running_board_is_listed_until_it_ends(boards: Boards) -> None:
    board = boards.start()
    assert registry.list_running(boards.folder) == (board,)
    boards.children[0].terminate()
    boards.children[0].wait(PATIENCE_S)
    assert list(boards.folder.iterdir()) == []
    assert registry.list_running(boards.folder) == ()


def test_a_killed_board_is_forgotten(boards: Boards) -> None:
    boards.start()
    boards.children[0].kill()
    boards.children[0].wait(PATIENCE_S)
    assert len(list(boards.folder.iterdir())) == 1
    assert registry.list_running(boards.folder) == ()
    assert list(boards.folder.iterdir()) == []


@pytest.mark.parametrize("how", ["polite", "deaf"])
def test_stop_ends_a_board_by_force_if_need_be(boards: Boards, how: str) -> None:
    board = boards.start(how)
    registry.stop(boards.folder, board, grace_s=PATIENCE_S if how == "polite" else 0.1)
    ended = boards.children[0].wait(PATIENCE_S)
    assert ended == (0 if how == "polite" else -signal.SIGKILL)
    assert list(boards.folder.iterdir()) == []
    registry.stop(boards.folder, board)


def test_a_pid_that_belongs_to_another_process_by_now_is_not_signalled(boards: Boards) -> None:
    boards.folder.mkdir()
    innocent = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    boards.children.append(innocent)
    board = RunningBoard(innocent.pid, socket.gethostname(), URL)
    (boards.folder / f"{board.pid}.json").write_text(json.dumps(vars(board)))
    registry.stop(boards.folder, board)
    assert registry.list_running(boards.folder) == ()
    assert innocent.poll() is None


def test_a_board_of_another_machine_is_named_not_signalled(boards: Boards) -> None:
    boards.folder.mkdir()
    board = RunningBoard(os.getpid(), "elsewhere", URL)
    (boards.folder / f"{board.pid}.json").write_text(json.dumps(vars(board)))
    assert registry.list_running(boards.folder) == (board,)
    with pytest.raises(Unavailable, match="elsewhere") as caught:
        registry.stop(boards.folder, board)
    assert f"kill {board.pid}" in caught.value.hint


def test_a_machine_of_the_same_name_is_another_machine(boards: Boards) -> None:
    boards.folder.mkdir()
    innocent = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    boards.children.append(innocent)
    board = RunningBoard(innocent.pid, socket.gethostname(), URL, "another boot")
    (boards.folder / f"{board.pid}.json").write_text(json.dumps(vars(board)))
    assert registry.list_running(boards.folder) == (board,)
    with pytest.raises(Unavailable):
        registry.stop(boards.folder, board)
    assert innocent.poll() is None


def test_somebody_elses_file_is_left_alone(boards: Boards) -> None:
    boards.folder.mkdir()
    (boards.folder / "1.json").write_text("not ours")
    assert registry.list_running(boards.folder) == ()
    assert (boards.folder / "1.json").exists()


def test_a_list_that_cannot_be_written_keeps_no_board_from_running(
    boards: Boards, caplog: pytest.LogCaptureFixture
) -> None:
    boards.folder.write_text("a file is in the way")
    with registry.announced(boards.folder, URL):
        assert registry.list_running(boards.folder) == ()
    assert "`trackboard stop` will not find this board" in caplog.text
    assert str(boards.folder) in caplog.text


def test_only_its_user_may_read_where_a_board_is(boards: Boards) -> None:
    board = boards.start()
    path = boards.folder / f"{board.pid}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_board_of_another_user_is_named_not_ended(
    boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_pid: int, _number: int) -> None:
        raise PermissionError

    board = boards.start()
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(Unavailable, match="another user"):
        registry.stop(boards.folder, board)
