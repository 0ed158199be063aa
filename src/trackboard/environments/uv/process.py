"""Running uv: its lines as they come, its end when nobody wants it any more."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from trackboard.environments.cache.locks import Canceled
from trackboard.environments.home import variables_of_caches
from trackboard.environments.uv.pip_settings import read_pip_settings
from trackboard.errors import Unavailable

_POLL_S = 0.2
_SILENCE_S = 10.0
_GRACE_S = 2.0
_CHUNK = 65_536

# A shell that ends uv when we are killed: the kernel closes our end of its pipe then.
_WATCHDOG = 'read -r group && { read -r _; kill -s KILL -- "-$group"; }'

# What would lead uv to another interpreter than the one that is named.
_MISLEADING = frozenset(
    (
        *("CONDA_DEFAULT_ENV", "CONDA_PREFIX", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
        *("PYTHONHOME", "PYTHONPATH", "UV_PROJECT", "UV_PYTHON", "UV_SYSTEM_PYTHON"),
        *("UV_WORKING_DIR", "UV_WORKING_DIRECTORY"),
    )
)


@dataclass(frozen=True)
class Answer:
    """What a run of uv came to.

    Attributes:
        code: Its exit code.
        output: What it printed.
        words: What it said beside that: progress, warnings, errors.
    """

    code: int
    output: str
    words: str


class Uv:
    """Runs uv in one folder with one job's variables.

    Args:
        folder: Where it runs: a folder without a project.
        variables: The job's.
        is_canceled: Asked a few times a second while it runs.
        log: Takes every line.
        silence_s: After so long without a word it is said how long it has taken.
    """

    def __init__(
        self,
        folder: Path,
        variables: Mapping[str, str],
        *,
        is_canceled: Callable[[], bool],
        log: Callable[[str], None],
        silence_s: float = _SILENCE_S,
    ) -> None:
        self.folder = folder
        self._silence_s = silence_s
        self._log = log
        self._is_canceled = is_canceled
        self._binary = find_uv()
        settings = read_pip_settings(variables)
        self.no_index = settings.pop("PIP_NO_INDEX", "") != ""
        self.may_download_python = variables.get(
            "UV_PYTHON_DOWNLOADS"
        ) != "never" and not variables.get("UV_OFFLINE")
        own = {name: value for name, value in variables.items() if name not in _MISLEADING}
        own |= variables_of_caches(variables)
        quiet = {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
        self._of_pip = settings
        self.variables = {**own, **settings, **quiet, "UV_PYTHON_DOWNLOADS": "never"}

    def run(
        self,
        arguments: Sequence[str],
        *,
        doing: str,
        keep_fd: int = -1,
        more: Mapping[str, str] | None = None,
        files: Mapping[str, Iterable[str]] | None = None,
    ) -> Answer:
        """Run it to its end.

        Args:
            arguments: Its command line.
            doing: What it does, for people.
            keep_fd: Stays open in it as well: a lock that must last as long as it does.
            more: Further variables.
            files: Lines of files by name, which its command line names: it runs beside them.

        Raises:
            Canceled: It was ended, as nobody wants it any more.
            Unavailable: It could not be started.
        """
        answer = self._run_with(files or {}, arguments, doing, keep_fd, more)
        if answer.code == 0 or _NO_PKG_RESOURCES not in answer.words or arguments[0] != "pip":
            return answer
        self.report("a package of old is built with a setuptools of its age")
        limits = {**(files or {}), _LIMITS: [_WITH_PKG_RESOURCES]}
        again = [*arguments, "--build-constraints", _LIMITS]
        return self._run_with(limits, again, doing, keep_fd, more)

    def forget_index(self) -> None:
        """Leave out the index of pip's settings: as with pip, one that is asked for takes its place."""
        if "UV_DEFAULT_INDEX" in self._of_pip:
            self.variables.pop("UV_DEFAULT_INDEX", None)

    def report(self, line: str) -> None:
        """Say something of ours."""
        self._log(line)

    def check(self) -> None:
        """Go on only if somebody still wants this.

        Raises:
            Canceled: Nobody does.
        """
        if self._is_canceled():
            raise Canceled

    def _run_with(
        self,
        files: Mapping[str, Iterable[str]],
        arguments: Sequence[str],
        doing: str,
        keep_fd: int,
        more: Mapping[str, str] | None,
    ) -> Answer:
        if not files:
            return self._run_in(self.folder, arguments, doing, keep_fd, more)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".uv-") as name:
            folder = Path(name)
            for file, lines in files.items():
                (folder / file).write_text("\n".join((*lines, "")))
            return self._run_in(folder, arguments, doing, keep_fd, more)

    def _run_in(
        self,
        folder: Path,
        arguments: Sequence[str],
        doing: str,
        keep_fd: int,
        more: Mapping[str, str] | None,
    ) -> Answer:
        command = [self._binary, *arguments]
        self._log("$ uv " + " ".join(arguments))
        with _started(command, folder, {**self.variables, **(more or {})}, keep_fd) as process:
            output, words = self._follow(process, doing)
            return Answer(process.wait(), output, words)

    def _follow(self, process: subprocess.Popen[bytes], doing: str) -> tuple[str, str]:
        """Read all that it prints and says until it has ended."""
        streams = selectors.DefaultSelector()
        assert process.stdout is not None
        assert process.stderr is not None
        streams.register(process.stdout, selectors.EVENT_READ)
        streams.register(process.stderr, selectors.EVENT_READ)
        printed, said, line = bytearray(), bytearray(), bytearray()
        began_s = heard_s = time.monotonic()
        with streams:
            while streams.get_map():
                ready = streams.select(_POLL_S)
                for key, _ in ready:
                    heard_s = time.monotonic()
                    data = os.read(key.fd, _CHUNK)
                    if not data:
                        streams.unregister(key.fileobj)
                    elif key.fileobj is process.stdout:
                        printed += data
                    else:
                        said += data
                        line = self._log_lines(line + data)
                if not ready and process.poll() is not None:
                    break  # something that it started holds its pipes open
                self.check()
                if time.monotonic() - heard_s > self._silence_s:
                    heard_s = time.monotonic()
                    self.report(f"{doing}, {heard_s - began_s:.0f} s so far")
        if line:
            self._log_lines(line + b"\n")
        return printed.decode(errors="replace"), said.decode(errors="replace").strip()

    def _log_lines(self, text: bytearray) -> bytearray:
        """Pass on whole lines; what is left."""
        *lines, rest = text.split(b"\n")
        for line in lines:
            words = line.decode(errors="replace").rstrip()
            if words:
                self._log(words)
        return rest


# What setup.py of packages of old imports without saying so; setuptools does not have it any more.
_NO_PKG_RESOURCES = "No module named 'pkg_resources'"
_WITH_PKG_RESOURCES = "setuptools<81"
_LIMITS = "build-constraints.txt"


def find_uv() -> str:
    """The program uv: that of its package, or the one on the path.

    Raises:
        Unavailable: There is none.
    """
    from uv import find_uv_bin

    try:
        return os.fsdecode(find_uv_bin())
    except FileNotFoundError as exc:
        found = shutil.which("uv")
        if found is None:
            raise Unavailable(
                "the program uv, which builds environments, is not installed",
                hint="pip install uv",
            ) from exc
        return found


@contextmanager
def _started(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], keep_fd: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it in a group of its own, which ends with this block, or with us."""
    watchdog = subprocess.Popen(
        ["/bin/sh", "-c", _WATCHDOG],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process = _start(command, folder, variables, keep_fd)
        with process:
            _send_group(watchdog.stdin, process.pid)
            try:
                yield process
            finally:
                _end_group(process)
    finally:
        watchdog.kill()
        watchdog.communicate()


def _start(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], keep_fd: int
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
            pass_fds=() if keep_fd == -1 else (keep_fd,),
        )
    except OSError as exc:
        raise Unavailable(
            f"{command[0]} could not be started in {folder}: {exc.strerror or exc}",
            hint="Is uv whole? Install it again: pip install --force-reinstall uv",
        ) from exc


def _send_group(stdin: IO[bytes] | None, group: int) -> None:
    assert stdin is not None
    stdin.write(b"%d\n" % group)
    stdin.flush()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End it and what it started: politely, then by force."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    with suppress(ProcessLookupError, PermissionError):  # macOS: only zombies are left
        os.killpg(process.pid, signal.SIGKILL)
