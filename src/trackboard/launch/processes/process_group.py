"""One process of a job, with all that it starts: a process group."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from trackboard.errors import UsageError
from trackboard.launch.processes.process_table import list_members
from trackboard.launch.processes.watchdog import Watchdog
from trackboard.layout import open_file

_POLL_S = 0.02


class ProcessGroup:
    """Runs one process of a job, with all that it starts.

    Args:
        argv: What to run.
        variables: Its environment variables, all of them.
        work: Where it runs.
        console: The file that takes everything it prints.
        watchdog: Ends it should this process be killed.

    Attributes:
        end_fd: Can be read once it has ended; -1 where the kernel has no such thing.

    Raises:
        UsageError: It could not be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        variables: Mapping[str, str],
        work: Path,
        console: Path,
        watchdog: Watchdog,
    ) -> None:
        self._watchdog = watchdog
        try:
            with open(console, "ab", opener=open_file) as output:
                self._process = subprocess.Popen(
                    argv,
                    cwd=work,
                    env=dict(variables),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                )
        except OSError as exc:
            raise UsageError(
                f"{argv[0]!r} could not be started in {work}: {exc.strerror or exc}",
                hint="Check the interpreter, and that the arguments are not too long.",
            ) from exc
        watchdog.watch(self.pid)
        self.end_fd = _watch_end(self.pid)
        self._is_closed = False

    @property
    def pid(self) -> int:
        """Its process, and its group."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code once it has ended (negative: the signal that ended it), else None."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask everything it started to end."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # who has been stopped cannot hear

    def kill(self) -> None:
        """End everything it started by force."""
        self._signal(signal.SIGKILL)

    def close(self, grace_s: float) -> bool:
        """End what it left running in its group. May be repeated.

        Returns:
            Whether something was still there.
        """
        if self._is_closed:
            return False
        left = self._is_anyone_left()
        if left:
            self.terminate()
        deadline_s = time.monotonic() + grace_s
        while self._is_anyone_left() and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        self.kill()
        self._process.wait()
        self._watchdog.forget(self.pid)
        if self.end_fd != -1:
            os.close(self.end_fd)
        self._is_closed = True
        return left

    def _signal(self, number: int) -> bool:
        """Whether somebody in its group was there to get it."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
            return False
        return True

    def _is_anyone_left(self) -> bool:
        """Whether somebody in its group still runs: a zombie, which some inits never reap, does not."""
        return self._signal(0) and bool(list_members({self.pid}))


def wait_for_any(groups: Iterable[ProcessGroup], timeout_s: float) -> None:
    """Wait until one of these, which run, has ended, or the time is over."""
    running = [*groups]
    if all(group.end_fd != -1 for group in running):
        ends = select.poll()
        for group in running:
            ends.register(group.end_fd, select.POLLIN)
        ends.poll(timeout_s * 1000)
        return
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s and all(group.code is None for group in running):
        time.sleep(_POLL_S)


def _watch_end(pid: int) -> int:
    """A file that can be read once the process has ended; -1 where the kernel has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
