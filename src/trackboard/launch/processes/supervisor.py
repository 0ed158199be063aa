"""The processes of a job while they run: they begin together, and one that fails ends them all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from trackboard.launch.processes.process_group import ProcessGroup, wait_for_any
from trackboard.launch.processes.process_table import list_members
from trackboard.launch.processes.ranks import Rank
from trackboard.launch.processes.watchdog import Watchdog

GRACE_S = 10.0
LEFTOVER_GRACE_S = 2.0


class Failure(NamedTuple):
    """The process that failed first."""

    rank: Rank
    code: int  # negative: the signal that ended it


class Processes(Protocol):
    """All processes of a job, wherever they are: what `Supervisor` is for those of this machine."""

    failure: Failure | None
    left: bool

    @property
    def pids(self) -> set[int]:
        """Children of this process."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Whether all have ended; waits for an end."""
        ...

    def end(self) -> None:
        """Ask all of them to end."""
        ...

    def kill(self) -> None:
        """End all of them by force."""
        ...

    def list_pids(self, *, orphans: bool) -> set[int]:
        """All processes on this machine, and what they started."""
        ...

    def close(self) -> None:
        """End what is there."""
        ...


class Supervisor:
    """Starts the processes of a job on this machine, and ends all of them when one fails.

    Args:
        ranks: What to start.
        work: Where they run.
        folder: Where their consoles are.
        grace_s: How long they may take to end when they are asked to.
        leftover_grace_s: How long what they left running may take.
        locks: Open files whose locks hold until all have ended, even if this process is killed.

    Attributes:
        failure: Which one failed, once one did of itself.
        left: Whether one of them ended and left something running.

    Raises:
        UsageError: One could not be started; the others were ended.
    """

    def __init__(
        self,
        ranks: Sequence[Rank],
        work: Path,
        folder: Path,
        *,
        grace_s: float = GRACE_S,
        leftover_grace_s: float = LEFTOVER_GRACE_S,
        locks: Sequence[int] = (),
    ) -> None:
        self.failure: Failure | None = None
        self.left = False
        self._grace_s = grace_s
        self._leftover_grace_s = leftover_grace_s
        self._kill_at_s: float | None = None
        self._watchdog = Watchdog(locks)
        self._groups: list[tuple[Rank, ProcessGroup]] = []  # that have not ended
        try:
            for rank in ranks:
                console = folder / rank.console
                group = ProcessGroup(rank.argv, rank.variables, work, console, self._watchdog)
                self._groups.append((rank, group))
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> set[int]:
        """Children of this process: theirs, and the watchdog's."""
        return {self._watchdog.pid, *(group.pid for _, group in self._groups)}

    def wait(self, timeout_s: float) -> bool:
        """Wait for an end; take notice, and do what follows from it.

        Returns:
            Whether all have ended.
        """
        wait_for_any([group for _, group in self._groups], timeout_s)
        for rank, group in [*self._groups]:
            code = group.code
            if code is not None:
                self._groups.remove((rank, group))
                self._close(group)
                if code and self._kill_at_s is None:
                    self.failure = Failure(rank, code)
                    self.end()
        if all(rank.is_server for rank, _ in self._groups):
            self.end()  # nobody is left whom they could serve
        if self._kill_at_s is not None and time.monotonic() > self._kill_at_s:
            self.kill()
        return not self._groups

    def end(self) -> None:
        """Ask all of them to end; `wait` ends them by force when they take too long. May be repeated."""
        if self._kill_at_s is None:
            self._kill_at_s = time.monotonic() + self._grace_s
            for _, group in self._groups:
                group.terminate()

    def kill(self) -> None:
        """End all of them by force."""
        self._kill_at_s = self._kill_at_s or time.monotonic()
        for _, group in self._groups:
            group.kill()

    def list_pids(self, *, orphans: bool) -> set[int]:
        """All processes of the job, and what they started; see `process_table.list_members`."""
        groups = {group.pid for _, group in self._groups}
        return list_members(groups, spare={self._watchdog.pid}, orphans=orphans)

    def close(self) -> None:
        """End what is there, whatever state it is in, and the watchdog."""
        self.kill()
        for _, group in self._groups:
            self._close(group)
        self._watchdog.close()

    def _close(self, group: ProcessGroup) -> None:
        self.left = group.close(self._leftover_grace_s) or self.left
