"""Which boards of a workspace are running: `<workspace>/boards/<pid>.json`, standard library only.

A board holds an flock on its file for its whole life, and the kernel lets go of it however the process
ends. So a file that is not locked belongs to nobody, and a pid is signalled only while the very process
that wrote it lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from trackboard.errors import Unavailable

FOLDER = "boards"

_POLITE_S = 1.5
_FORCED_S = 0.5
_POLL_S = 0.02


@dataclass(frozen=True)
class RunningBoard:
    """A board that says it is running."""

    pid: int
    host: str  # the machine's name
    url: str


@contextlib.contextmanager
def announced(boards: Path, url: str) -> Iterator[None]:
    """Keep this process in the list of running boards."""
    boards.mkdir(parents=True, exist_ok=True)
    path = boards / f"{os.getpid()}.json"
    board = RunningBoard(os.getpid(), socket.gethostname(), url)
    aside = path.with_suffix(".new")
    with aside.open("w") as file:
        # A file system without locks: `stop` will not find this board, Ctrl-C and its starter will.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        json.dump(asdict(board), file)
        file.flush()
        aside.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def list_running(boards: Path) -> tuple[RunningBoard, ...]:
    """The boards that run now; files that dead ones of this machine left are removed."""
    found = []
    for path in sorted(boards.glob("*.json")):
        board = _read(path)
        if board is None:
            continue
        if board.host != socket.gethostname() or _is_locked(path):
            found.append(board)
        else:
            path.unlink(missing_ok=True)
    return tuple(found)


def stop(boards: Path, board: RunningBoard) -> None:
    """End a board of this machine: politely, then by force. Returns when it is gone.

    Raises:
        Unavailable: It runs on another machine, or does not end.
    """
    if board.host != socket.gethostname():
        raise Unavailable(
            f"the board at {board.url} runs on {board.host}",
            hint=f"Type there: trackboard stop (or kill {board.pid})",
        )
    path = boards / f"{board.pid}.json"
    for number, patience_s in ((signal.SIGTERM, _POLITE_S), (signal.SIGKILL, _FORCED_S)):
        if not _is_locked(path):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(board.pid, number)
        deadline_s = time.monotonic() + patience_s
        while _is_locked(path) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
    if _is_locked(path):
        raise Unavailable(
            f"the board at {board.url} does not end", hint=f"Type: kill -9 {board.pid}"
        )
    path.unlink(missing_ok=True)


def _read(path: Path) -> RunningBoard | None:
    try:
        return RunningBoard(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None  # it has just ended
    except (ValueError, TypeError):
        return None  # not one of ours


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
