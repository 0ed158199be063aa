"""TensorBoard's own reader of event files over one folder: its fast one, else the one in Python."""

from __future__ import annotations

import contextlib
import logging
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from trackboard.board.private_folder import PrivateFolder
from trackboard.board.series.samples import AS_USUAL, Samples
from trackboard.board.tensorboard_internals import (
    connect_data_server,
    data_server_failures,
    find_data_server,
    open_python_reader,
)
from trackboard.errors import Unavailable

RELOAD_S = 1.0
_START_S = 10.0
_STOP_S = 1.0
_POLL_S = 0.002
_MOST_FILES = 65_536

_log = logging.getLogger(__name__)


class Reader(Protocol):
    """Something that reads a folder of event files and goes on reading."""

    provider: Any  # a tensorboard.data.provider.DataProvider over the folder
    failures: tuple[type[Exception], ...]  # what its provider raises when the reader is lost
    takes_any_name: bool  # or else see `board.eventfiles.odd_names`

    def is_alive(self) -> bool:
        """Whether it still answers."""
        ...

    def close(self) -> None:
        """Stop reading and end what was started."""
        ...


def open_reader(folder: Path, samples: Samples = AS_USUAL) -> Reader:
    """Start the fastest reader that works here."""
    binary = find_data_server()
    if binary is not None:
        try:
            return DataServer(folder, binary, samples)
        except (OSError, Unavailable) as error:
            _log.warning("reading event files with TensorBoard's slower reader: %s", error)
    return PythonReader(folder, samples)


class DataServer:
    """The child process `tensorboard_data_server`; it ends when its standard input does."""

    takes_any_name = False

    def __init__(self, folder: Path, binary: str, samples: Samples = AS_USUAL) -> None:
        self._folder = PrivateFolder()
        work = self._folder.path
        try:
            self._process = _spawn(binary, folder, work, samples)
        except OSError:
            self._folder.close()
            raise
        try:
            port = self._wait_for_port(work)
        except Unavailable:
            self._end_process()
            raise
        self.provider, self._disconnect = connect_data_server(port)
        self.failures = data_server_failures()

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the child runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the child: its input first, then a signal."""
        self._disconnect()
        self._end_process()

    def _wait_for_port(self, work: Path) -> int:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):  # not written yet
                text = (work / "port").read_text()
                if text.endswith("\n"):
                    return int(text)
            if not self.is_alive():
                said = (work / "output").read_text(errors="replace").strip()
                raise Unavailable(f"TensorBoard's reader ended with {self._process.poll()}: {said}")
            time.sleep(_POLL_S)
        raise Unavailable(f"TensorBoard's reader did not answer within {_START_S:g} s")

    def _end_process(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.close()


class PythonReader:
    """TensorBoard's reader in this process, driven by a thread of ours that can be stopped."""

    takes_any_name = True

    def __init__(self, folder: Path, samples: Samples = AS_USUAL) -> None:
        self.provider, self._read_on = open_python_reader(folder, samples)
        self.failures: tuple[type[Exception], ...] = ()
        self._stopping = threading.Event()
        self._first_pass = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trackboard-reader", daemon=True)
        self._thread.start()
        self._first_pass.wait(RELOAD_S)

    def is_alive(self) -> bool:
        """Whether the thread still reads."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop reading; a pass over large files may take a moment to notice."""
        self._stopping.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._read_on()
            self._first_pass.set()
            self._stopping.wait(RELOAD_S)


def _spawn(binary: str, folder: Path, work: Path, samples: Samples) -> subprocess.Popen[bytes]:
    command = [
        binary,
        f"--logdir={folder}",
        f"--reload={RELOAD_S:.0f}",
        "--port=0",
        f"--port-file={work / 'port'}",
        "--die-after-stdin",
        f"--samples-per-plugin={samples}",
    ]
    with (work / "output").open("wb") as output, _many_open_files():
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # an interrupted cell or terminal does not end it, we do
        )


@contextlib.contextmanager
def _many_open_files() -> Iterator[None]:
    """Let a child have many files open: the reader keeps one open for every event file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
