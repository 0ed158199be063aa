"""The starter's side of a board: a process of its own that lives as long as its starter.

It has its own session, so that interrupting a notebook's cell does not reach it; it ends when the one
end of the socket that the starter holds is closed, by `stop()` or by the kernel when the starter dies
in whatever way. Standard library only.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from trackboard.board.private_folder import PrivateFolder
from trackboard.board.process import handshake
from trackboard.board.process.listen import DEFAULT_PORT
from trackboard.board.process.options import Command, Show
from trackboard.errors import Unavailable

_READY_TIMEOUT_S = 60.0  # a cold disk takes 5
_ENDS_WITHIN_S = 6.0  # it takes a tenth of a second, unless the machine is very busy
_TOLD_LINES = 12

_running: set[BoardProcess] = set()  # kept alive: nobody may hold the object, the board goes on


class BoardProcess:
    """A running board. Made by `start`; ends with `stop`, or with this process.

    Attributes:
        url: Where it is, for a browser on this machine; with its key where the system does not tell
            whose programs ask.
        port: Its port.
        key: What opens it to other users' programs, as `?k=<key>`.
        moved_from: The port that was asked for, when it was taken; None otherwise.
    """

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        connection: socket.socket,
        ready: handshake.Ready,
        *,
        wished_port: int,
        folder: PrivateFolder,
    ) -> None:
        self.url = ready.url
        self.port = ready.port
        self.key = ready.key
        self.moved_from = wished_port if wished_port not in (0, ready.port) else None
        self._child = child
        self._connection = connection
        self._folder = folder
        self._owner = os.getpid()
        self._stopping = threading.Lock()
        _end_with_this_process()
        _running.add(self)

    @classmethod
    def start(
        cls,
        show: Show,
        *,
        port: int = DEFAULT_PORT,
        host: str = "127.0.0.1",
        path_prefix: str = "",
        ready_timeout_s: float = _READY_TIMEOUT_S,
    ) -> BoardProcess:
        """Start a board and return once it answers.

        Args:
            show: What it shows.
            port: The wished port; a taken one moves on to the next free one. 0 means any.
            host: An address of this machine; one that others can reach asks everybody for a token.
            path_prefix: What the addresses of a proxy have before the board's: `/keep`.
            ready_timeout_s: How long its first answer is waited for.

        Raises:
            UsageError: The address, the port or the prefix is not allowed.
            NotFound: What it shall show is not there.
            Unavailable: It could not start; the message holds the last lines of its output.
        """
        ours, theirs = socket.socketpair()
        folder = PrivateFolder()
        output = folder.path / "board.log"
        output_fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            command = Command(show, host, port, theirs.fileno(), output, path_prefix)
            child = _spawn(command, output_fd)
        except BaseException:
            ours.close()
            folder.close()
            raise
        finally:
            theirs.close()
            os.close(output_fd)
        try:
            ready = _wait_until_ready(child, ours, show, output, ready_timeout_s)
        except BaseException:  # an interrupted cell, too, leaves no process behind
            ours.close()
            _end(child, patience_s=0)
            folder.close()
            raise
        return cls(child, ours, ready, wished_port=port, folder=folder)

    @property
    def is_running(self) -> bool:
        """Whether the board is still there."""
        return self._owner == os.getpid() and self._child.poll() is None

    def stop(self) -> None:
        """End the board and free its port: politely, then by force. May be repeated.

        In a fork of the starter it does nothing: the board is not the fork's.
        """
        if self._owner != os.getpid():
            return
        with self._stopping:
            self._connection.close()
            _end(self._child, patience_s=_ENDS_WITHIN_S)
            self._folder.close()
            _running.discard(self)

    def _forget(self) -> None:
        """In a fork: let go, or the board would outlive its starter."""
        self._connection.close()
        self._child.returncode = 0  # not ours to wait for


def _spawn(command: Command, output_fd: int) -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise Unavailable("this Python does not say where its interpreter is (sys.executable)")
    # -P: a file named like a module in the current folder must not stand in for it.
    words = [sys.executable, "-P", "-m", "trackboard", *command.to_arguments()]
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output_fd,
            stderr=output_fd,
            pass_fds=(command.control,),
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"{sys.executable} could not be started: {error}") from error


def _wait_until_ready(
    child: subprocess.Popen[bytes],
    connection: socket.socket,
    show: Show,
    output: Path,
    timeout_s: float,
) -> handshake.Ready:
    connection.settimeout(timeout_s)
    try:
        ready = handshake.receive(connection)
    except TimeoutError:
        what = f"TensorBoard does not answer after {timeout_s:.0f} s"
        raise Unavailable(_with_output(what, output), hint=_hint(show)) from None
    if ready is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=_ENDS_WITHIN_S)
        what = f"TensorBoard could not start ({_describe_exit(child.returncode)})"
        raise Unavailable(_with_output(what, output), hint=_hint(show))
    return ready


def _with_output(what: str, output: Path) -> str:
    lines = output.read_text("utf-8", "replace").splitlines()[-_TOLD_LINES:]
    return "\n".join([f"{what}:", *(f"    {line}" for line in lines)]) if lines else what


def _hint(show: Show) -> str:
    python = shlex.quote(sys.executable)
    several = " ".join(shlex.quote(f"{each.name}:{each.path}") for each in show.log_folders)
    folder = several or shlex.quote(str(show.workspace or show.log_folder))
    return (
        f"To see it in a terminal, type: {python} -m trackboard tb {folder}\n"
        "If TensorBoard itself is broken, type: "
        f"{python} -m pip install --force-reinstall 'tensorboard>=2.21,<3'"
    )


def _describe_exit(code: int | None) -> str:
    if code is None:
        return "it hangs"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"exit code {code}"


def _end(child: subprocess.Popen[bytes], *, patience_s: float) -> None:
    try:
        child.wait(timeout=patience_s)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@functools.cache
def _end_with_this_process() -> None:
    """Arrange, once, for what happens at this process's end and in its forks."""
    atexit.register(_stop_all)
    os.register_at_fork(after_in_child=_forget_all)


def _stop_all() -> None:
    boards = [board for board in _running if board.is_running]
    for board in boards:
        board._connection.close()  # all begin to end at the same time
    deadline_s = time.monotonic() + _ENDS_WITHIN_S
    for board in boards:
        while board.is_running and time.monotonic() < deadline_s:
            time.sleep(0.01)
        board.stop()


def _forget_all() -> None:
    for board in _running:
        board._forget()
    _running.clear()
