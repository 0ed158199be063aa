"""The first stage of a job: its interpreter is found or built, and everybody can see how far that is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from trackboard.environments import Prepared, prepare_environment
from trackboard.launch.context.job_log import append_lines
from trackboard.launch.worker.log_follower import Follower
from trackboard.layout import open_file
from trackboard.model import BUILD_LOG, JobPlan, RunState
from trackboard.record import LiveRun

REPORT_S = 2.0


class Preparing:
    """Makes the environment of one job.

    Args:
        plan: The job.
        build_log: The file that takes what is said while it is built.
        live: Its run, which is told how long it takes.
        follower: Takes what is said to where people see it.
        console: The job's console, which gets what is worth it.
        is_canceled: Asked a few times a second.
        report_s: How often the run says how long its environment has taken.
    """

    def __init__(
        self,
        plan: JobPlan,
        build_log: Path,
        live: LiveRun,
        follower: Follower,
        console: Path,
        is_canceled: Callable[[], bool],
        *,
        report_s: float = REPORT_S,
    ) -> None:
        self._plan = plan
        self._log = build_log
        self._live = live
        self._follower = follower
        self._console = console
        self._is_canceled = is_canceled
        self._report_s = report_s
        self._began_s = time.monotonic()
        self._next_report_s = self._began_s + report_s

    def prepare(self) -> Prepared | None:
        """The interpreter, or None when somebody wants the run to end.

        Raises:
            UsageError: It cannot be built; the resolver's own words are in the message.
            Unavailable: There is no space, or no network.
        """
        return prepare_environment(
            self._plan.environment,
            self._plan.variables,
            report=lambda line: append_lines(self._console, line),
            is_canceled=self._beat_and_check_cancel,
            build_log=self._note,
        )

    def _note(self, line: str) -> None:
        with open(
            self._log, "a", encoding="utf-8", errors="backslashreplace", opener=open_file
        ) as file:
            file.write(f"{line}\n")
        self._follower.watch(BUILD_LOG, self._log)

    def _beat_and_check_cancel(self) -> bool:
        """A few times a second while it is built."""
        self._follower.poll()
        now_s = time.monotonic()
        if now_s > self._next_report_s:
            self._next_report_s = now_s + self._report_s
            took = f"building the environment ({now_s - self._began_s:.0f} s)"
            self._live.set_state(RunState.PREPARING, took)
        return self._is_canceled()
