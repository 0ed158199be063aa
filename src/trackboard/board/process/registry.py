"""Which boards of a workspace are running: `<workspace>/boards/<pid>.json`, standard library only.

A board holds an flock on its file for its whole life, and the kernel lets go of it however the process
ends. So a file that is not locked belongs to nobody, and a pid is signalled only while the very process
that wrote it lives.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from trackboard.board.process.options import Show
from trackboard.errors import Unavailable
from trackboard.layout import modes
from trackboard.layout.locks import try_lock
from trackboard.spool import boot_id, pid_namespace

UP = "up"  # the kind of a server with pages beside TensorBoard
_GRACE_S = 6.0  # it ends in a tenth of a second, unless the machine is very busy
_FORCED_S = 10.0
_POLL_S = 0.02

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunningBoard:
    """A board that says it is running."""

    pid: int
    host: str  # the machine's name, for people
    url: str
    machine: str = (
        ""  # the boot and the namespace in which the pid means it; older boards do not say
    )
    experiment: str | None = None  # it shows nothing else
    runs: Sequence[str] | None = None  # these and what is below them; None: all
    kind: str = "tb"  # the command: of `up` TensorBoard is one part

    @property
    def tensorboard_url(self) -> str:
        """Where its TensorBoard is."""
        return f"{self.url}tb/" if self.kind == UP else self.url

    @property
    def is_here(self) -> bool:
        """Whether its pid means it here: a name is given to many machines and containers."""
        if self.machine:
            return self.machine == _machine()
        return self.host == socket.gethostname()


@contextlib.contextmanager
def announced(
    boards: Path, url: str, show: Show | None = None, *, kind: str = "tb"
) -> Iterator[None]:
    """Keep this process in the list of running boards, where that can be written.

    Args:
        boards: The list.
        url: Its address.
        show: What it shows; None: everything.
        kind: The command that it is.
    """
    path = boards / f"{os.getpid()}.json"
    experiment, runs = (show.experiment, show.runs) if show else (None, None)
    board = RunningBoard(os.getpid(), socket.gethostname(), url, _machine(), experiment, runs, kind)
    try:
        file = _write(path, json.dumps(asdict(board)))
    except OSError as error:
        _logger.warning(
            "`trackboard stop` will not find this board: %s cannot be written (%s)",
            boards,
            error.strerror,
        )
        yield
        return
    with file:
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def list_running(boards: Path) -> tuple[RunningBoard, ...]:
    """The boards that run now; files that dead ones of this machine left are removed."""
    found = []
    for path in sorted(boards.glob("*.json")):
        board = _read(path)
        if board is None:
            continue
        if not board.is_here or _is_locked(path):
            found.append(board)
        else:
            _remove(path)
    return tuple(found)


def find_up(boards: Path) -> RunningBoard | None:
    """The server with pages beside TensorBoard that shows a workspace, if one runs.

    Args:
        boards: The list of running boards.
    """
    return next((board for board in list_running(boards) if board.kind == UP), None)


def stop(boards: Path, board: RunningBoard, *, grace_s: float = _GRACE_S) -> None:
    """End a board of this machine: politely, then by force. Returns when it is gone.

    Args:
        boards: The list of running boards.
        board: One of them.
        grace_s: How long it may take after SIGTERM; SIGKILL follows.

    Raises:
        Unavailable: It runs on another machine, or does not end.
    """
    if not board.is_here:
        raise Unavailable(
            f"the board at {board.url} runs on {board.host}",
            hint=f"Type there: trackboard stop (or kill {board.pid})",
        )
    path = boards / f"{board.pid}.json"
    for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, _FORCED_S)):
        if not _is_locked(path):
            break
        try:
            os.kill(board.pid, number)
        except ProcessLookupError:
            break
        except PermissionError as error:
            raise Unavailable(
                f"the board at {board.url} belongs to another user", hint="They can end it."
            ) from error
        deadline_s = time.monotonic() + patience_s
        while _is_locked(path) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
    if _is_locked(path):
        raise Unavailable(
            f"the board at {board.url} does not end", hint=f"Type: kill -9 {board.pid}"
        )
    _remove(path)


def _remove(path: Path) -> None:
    """Remove the file of a board that is gone; in a folder that cannot be written it stays."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> TextIO:
    """Write a board's file; it is locked for as long as it is open."""
    modes.make_folder(path.parent)
    temporary = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    file = os.fdopen(modes.open_file(temporary, flags, modes.PRIVATE_FILE), "w")
    try:
        # A file system without locks: `stop` will not find this board, Ctrl-C and its starter will.
        with contextlib.suppress(OSError):
            try_lock(file.fileno())
        file.write(text)
        file.flush()
        temporary.rename(path)
    except BaseException:
        file.close()
        raise
    return file


def _read(path: Path) -> RunningBoard | None:
    try:
        return RunningBoard(**json.loads(path.read_bytes()))
    except OSError:
        return None  # it has just ended, or is another user's
    except (ValueError, TypeError):
        return None  # not one of ours


def _machine() -> str:
    return f"{boot_id()} {pid_namespace()}".strip()


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return not try_lock(file.fileno(), shared=True)
    except OSError:
        return False
