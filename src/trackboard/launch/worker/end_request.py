"""Why a job ends before its script does: it was canceled, takes too much, or its worker is to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from trackboard.errors import TrackboardError
from trackboard.launch.worker.worker_log import note
from trackboard.layout import JobPaths
from trackboard.layout.cancel_flag import is_cancel_requested
from trackboard.model import RunId, RunState

if TYPE_CHECKING:
    from trackboard.launch.context.launch_context import LaunchContext

CANCELED = "it was canceled"
TERMINATED = "its worker was ended by SIGTERM"


class CancelSignal(Protocol):
    """Knows whether a run was canceled."""

    def is_set(self) -> bool:
        """Look at what is near; called many times a second."""
        ...

    def ask(self) -> bool:
        """Ask what knows for sure, which may take as long as a question to a database."""
        ...


class CancelFlag:
    """The cancel flag in the job's folder: all that a worker on a node of a cluster sees of it.

    Args:
        job: The job's paths.
    """

    def __init__(self, job: JobPaths) -> None:
        self._job = job

    def is_set(self) -> bool:
        """Whether the flag is there."""
        return is_cancel_requested(self._job)

    def ask(self) -> bool:
        """Whether the flag is there."""
        return self.is_set()


class StoredCancel:
    """The cancel flag, and the store, which knows of a cancel request where the flag cannot be set.

    Args:
        job: The job's paths.
        run: The job's run.
        open_context: Opens the workspace; called when the store is asked, as that takes long.
    """

    def __init__(
        self, job: JobPaths, run: RunId, open_context: Callable[[], LaunchContext]
    ) -> None:
        self._flag = CancelFlag(job)
        self._run = run
        self._open_context = open_context

    def is_set(self) -> bool:
        """Whether the flag is there."""
        return self._flag.is_set()

    def ask(self) -> bool:
        """Whether the store has a cancel request; False where it does not answer."""
        try:
            return self._open_context().store.is_cancel_requested(self._run)
        except TrackboardError as exc:  # also settings that somebody is just writing
            note(f"cannot ask whether the run was canceled: {exc}")
            return False


class EndRequest:
    """A request that a job ends; the first reason counts.

    Args:
        cancel: Knows whether the run was canceled.
        ask_s: How often that is asked, where it takes long.

    Attributes:
        why: The reason; empty while nothing has asked for the end.
    """

    def __init__(self, cancel: CancelSignal, ask_s: float) -> None:
        self.why = ""
        self._cancel = cancel
        self._ask_s = ask_s
        self._next_ask_s = 0.0

    def make(self, why: str) -> None:
        """Ask for the end."""
        self.why = self.why or why

    def poll(self) -> bool:
        """Look whether the job is to end, where that takes no time."""
        if self._cancel.is_set():
            self.make(CANCELED)
        return bool(self.why)

    def is_made(self) -> bool:
        """Look, and ask if it is time, whether the job is to end."""
        now_s = time.monotonic()
        if not self.poll() and now_s >= self._next_ask_s:
            self._next_ask_s = now_s + self._ask_s
            if self._cancel.ask():
                self.make(CANCELED)
        return bool(self.why)

    def ask_later(self) -> None:
        """Put off what takes long for as long as one pause."""
        self._next_ask_s = time.monotonic() + self._ask_s

    def ask_now(self) -> None:
        """Let the next look ask, however long that takes."""
        self._next_ask_s = 0.0

    def final_state(self) -> RunState:
        """Return the state of a run that ended on request: a worker that was terminated may mean a cancel."""
        if self.why == TERMINATED and self._cancel.ask():
            self.why = CANCELED
        return RunState.CANCELED if self.why == CANCELED else RunState.FAILED
