"""The user's script as a process group that never outlives its worker unnoticed.

A guard, a shell of a few hundred kilobytes, holds the other end of a pipe of the worker: when the worker
is killed, the kernel closes the pipe, and the guard ends the script and everything it started. This works
on Linux and macOS, and reaches grandchildren, which PR_SET_PDEATHSIG does not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from trackboard.errors import UsageError

_GUARD = 'read -r group && { read -r _; kill -s KILL -- "-$group"; }'
_POLL_S = 0.02


class Script:
    """A script that runs.

    Args:
        argv: What to run.
        variables: Its environment variables, all of them.
        work: Where it runs.
        console: The file that takes everything it prints.

    Raises:
        UsageError: It could not be started.
    """

    def __init__(
        self, argv: Sequence[str], variables: Mapping[str, str], work: Path, console: Path
    ) -> None:
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with open(console, "ab") as output:
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
            self._dismiss_guard()
            raise UsageError(
                f"{argv[0]!r} could not be started in {work}: {exc.strerror or exc}",
                hint="Check the interpreter, and that the arguments are not too long.",
            ) from exc
        assert self._guard.stdin is not None
        self._guard.stdin.write(b"%d\n" % self._process.pid)
        self._guard.stdin.flush()

    def wait(self, timeout_s: float) -> int | None:
        """The exit code once it has ended (negative: the signal that ended it), else None."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask everything it started to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End everything it started by force."""
        self._signal(signal.SIGKILL)

    def close(self, grace_s: float) -> bool:
        """End what it left running, and the guard.

        Returns:
            Whether something was still there.
        """
        left = self._is_anyone_left()
        if left:
            self.terminate()
        deadline_s = time.monotonic() + grace_s
        while self._is_anyone_left() and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        self.kill()
        self._process.wait()
        self._dismiss_guard()
        return left

    def _signal(self, number: int) -> bool:
        """Whether somebody in its group was there to get it."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
            return False
        return True

    def _is_anyone_left(self) -> bool:
        """Whether somebody in its group still runs: a zombie, which some inits never reap, does not."""
        if not self._signal(0):
            return False
        if sys.platform != "linux":
            return True
        return any(
            _runs_in_group(stat, self._process.pid) for stat in Path("/proc").glob("[0-9]*/stat")
        )

    def _dismiss_guard(self) -> None:
        self._guard.kill()
        self._guard.wait()
        assert self._guard.stdin is not None
        self._guard.stdin.close()


def _runs_in_group(stat: Path, group: int) -> bool:
    try:
        fields = stat.read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return False
    return fields[0] not in "ZX" and int(fields[2]) == group
