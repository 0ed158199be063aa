"""The worker: carries out one plan, and alone says what became of it.

It opens the store only after the script has started; until then a plan, the snapshot and its own spool
are all it needs.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from trackboard.environments import Prepared
from trackboard.errors import TrackboardError, Unavailable
from trackboard.launch.context.job_log import say, tail
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.context.worker_context import Place
from trackboard.launch.context.working_copy import make_work, remove_work
from trackboard.launch.processes.interpreter import make_command
from trackboard.launch.processes.limits import merge_shares
from trackboard.launch.processes.mpi import find_failed_rank
from trackboard.launch.processes.orphan_reaper import end_orphans, reap_orphans
from trackboard.launch.processes.process_table import measure_memory
from trackboard.launch.processes.ranks import list_logs, make_ranks
from trackboard.launch.processes.supervisor import Failure, Processes, Running
from trackboard.launch.worker.environment_stage import Preparing
from trackboard.launch.worker.log_files import printable
from trackboard.launch.worker.log_follower import Follower
from trackboard.launch.worker.open_files import find_open_event_files
from trackboard.launch.worker.outputs import find_outputs, keep_outputs
from trackboard.layout.cancel_flag import is_cancel_requested
from trackboard.model import JobPlan, RunId, RunState, Share
from trackboard.record import LiveRun

if TYPE_CHECKING:
    from trackboard.launch.context.launch_context import Site

_FOLLOW_S = 0.5
_ASK_S = 1.0  # how often the store is asked whether somebody wants the run to end
_OPEN_FILES_SHARE = 50  # looking for open files takes at most this part of the time
_GRACE_S = 10.0
_LEFTOVER_GRACE_S = 2.0
_LINES = 50  # of what is not kept


@dataclass(frozen=True)
class _Outcome:
    state: RunState
    cause: str = ""


class Worker:
    """Carries out the plan of one run.

    Args:
        place: What it needs at once.
        run: The run.
        open_site: Opens the whole workspace; called once the script runs.
        shares: What each of its nodes may use; none: nothing was decided.
        slots: Open files whose locks say that its slots are taken.
        adopts_orphans: This process has nothing else below it, and adopts orphans (see `orphans`).
    """

    def __init__(
        self,
        place: Place,
        run: RunId,
        open_site: Callable[[], Site],
        shares: Sequence[Share] = (),
        *,
        slots: Sequence[int] = (),
        adopts_orphans: bool = False,
    ) -> None:
        self._place = place
        self._run = run
        self._open_site = open_site
        self._shares = shares
        self._slots = slots
        self._limit_bytes = merge_shares(shares).memory_bytes
        self._adopts_orphans = adopts_orphans
        self._site: Site | None = None
        self._job = place.paths.job(run)
        self._console = self._job.console(0)
        self._told_to_end = ""  # why, once it was
        self._next_ask_s = 0.0
        self._sent_logs: list[Path] = []
        self._open_outside: set[str] = set()  # event files at paths outside of the working copy
        self._next_open_files_s = 0.0

    def carry_out(self) -> None:
        """Run the job from preparing to its end; afterwards the run is terminal."""
        live = self._place.recorder.attach(self._run, owner=True)
        try:
            outcome = self._attempt(live)
        except TrackboardError as exc:
            outcome = _Outcome(RunState.FAILED, str(exc))
        except OSError as exc:
            outcome = _Outcome(RunState.FAILED, f"the worker could not go on: {exc}")
        except BaseException as exc:
            live.fail(f"the worker failed, which is a mistake of trackboard: {exc!r}")
            raise
        live.set_state(outcome.state, outcome.cause)
        if live.is_stored:
            for log in self._sent_logs:  # the run has them now
                log.unlink(missing_ok=True)
        for line in remove_work(self._job.work):
            _note(f"not removed: {line}")

    def leave_queue(self) -> Site:
        """Make room for whoever is next; nothing is lost if this fails.

        Returns:
            The workspace, whose queue is to be kicked.

        Raises:
            Unavailable: The store did not answer; the next kick does it.
        """
        site = self._site = self._site or self._open_site()
        site.store.remove_job(self._run)
        return site

    def _attempt(self, live: LiveRun) -> _Outcome:
        plan = self._load()
        live.set_state(RunState.PREPARING)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        say(self._console, "")  # it is there from the begin
        for note in plan.notes:
            say(self._console, note)
        work = self._job.work
        closed = (self._place.paths.folder,)
        follower = Follower(work, live.append_bytes, live.remove_file, closed=closed)
        for path, file in list_logs(plan, self._job).items():
            follower.watch(path, file)
        try:
            # The store is opened once something takes long.
            self._next_ask_s = time.monotonic() + _ASK_S
            if make_work(self._place, plan, self._pass_by):
                outcome = self._run_in(work, plan, live, follower)
            else:
                outcome = self._ended_by_request()
        except (TrackboardError, OSError) as exc:
            said = str(exc) if isinstance(exc, TrackboardError) else f"it could not go on: {exc}"
            self._tell(said)
            outcome = _Outcome(RunState.FAILED, said)
        return self._keep(live, follower, work, outcome)

    def _run_in(self, work: Path, plan: JobPlan, live: LiveRun, follower: Follower) -> _Outcome:
        """From the environment to the end of the last process."""
        prepared = self._prepare(plan, live, follower)
        if prepared is None:
            return self._ended_by_request()
        if self._is_wanted_to_end():
            prepared.release()
            return self._ended_by_request()
        self._next_ask_s = 0.0
        follower.begin()
        running = self._start(plan, prepared, work)
        try:
            live.set_state(RunState.RUNNING)
            self._supervise(plan, running, follower)
        finally:
            running.close()
            left = self._adopts_orphans and end_orphans(_LEFTOVER_GRACE_S)
            prepared.release()
        if left or running.left:
            self._tell("the script has ended; what it left running was ended too")
        live.set_state(RunState.FINALIZING)
        return self._judge(running.failure)

    def _load(self) -> JobPlan:
        return load_plan(self._job)

    def _prepare(self, plan: JobPlan, live: LiveRun, follower: Follower) -> Prepared | None:
        """The interpreter, or None when somebody wants the run to end."""
        return Preparing(
            plan, self._job.build_log, live, follower, self._console, self._is_wanted_to_end
        ).prepare()

    def _start(self, plan: JobPlan, prepared: Prepared, work: Path) -> Processes:
        argv, variables = make_command(plan, prepared, self._job)
        ranks = make_ranks(plan, argv, variables, self._shares, self._job)
        return Running(
            ranks,
            work,
            self._job.folder,
            grace_s=_GRACE_S,
            leftover_grace_s=_LEFTOVER_GRACE_S,
            locks=self._slots,
        )

    def _supervise(self, plan: JobPlan, running: Processes, follower: Follower) -> None:
        """Follow the processes until they have ended, and end them when somebody asks for that."""
        began_s = time.monotonic()
        is_told = False
        pause_s = 0.05  # the first look comes early
        while not running.wait(pause_s):
            pause_s = 0.001 if follower.poll() else _FOLLOW_S
            self._place.recorder.beat()  # a script may say nothing for hours
            self._look_for_open_files(running)
            if self._adopts_orphans:
                reap_orphans(running.pids)
            elapsed_s = time.monotonic() - began_s
            if plan.max_duration_s is not None and elapsed_s > plan.max_duration_s:
                self._end(f"it ran longer than its limit of {plan.max_duration_s:g} s")
            if self._takes_too_much(running):
                running.kill()  # there is no time to be polite
            if self._is_wanted_to_end() and not is_told:
                is_told = True
                self._tell(f"ending the script: {self._told_to_end}")
                running.end()

    def _look_for_open_files(self, running: Processes) -> None:
        """Event files at absolute paths are found while they are written, or never."""
        began_s = time.monotonic()
        if began_s < self._next_open_files_s:
            return
        pids = running.list_pids(orphans=self._adopts_orphans)
        self._open_outside |= find_open_event_files(pids, os.path.realpath(self._job.work))
        now_s = time.monotonic()
        self._next_open_files_s = now_s + _OPEN_FILES_SHARE * (now_s - began_s)

    def _list_open_outside(self, follower: Follower) -> list[str]:
        """One line for each folder with event files that are not followed."""
        left = {os.path.dirname(path) for path in self._open_outside if not follower.follows(path)}
        return [
            f"the event files in {printable(folder)} are not kept: that is outside of the job's"
            " folder. Write them below logs/, or let a link lead there"
            for folder in sorted(left)
        ]

    def _takes_too_much(self, running: Processes) -> bool:
        if self._limit_bytes is None:
            return False
        pids = running.list_pids(orphans=self._adopts_orphans)
        held_bytes = measure_memory(pids, self._limit_bytes)
        if held_bytes <= self._limit_bytes:
            return False
        held, limit = held_bytes / 2**30, self._limit_bytes / 2**30
        self._end(
            f"its processes held {held:.2f} GB of memory together, and it may have {limit:.2f} GB"
            " (memory_gb in trackboard.toml)"
        )
        return True

    def _pass_by(self) -> bool:
        """Whether somebody wants the run to end; asked while its working copy is made."""
        self._place.recorder.beat()
        return self._is_wanted_to_end()

    def _is_wanted_to_end(self) -> bool:
        if is_cancel_requested(self._job):
            self._end(CANCELED)
        now_s = time.monotonic()
        if not self._told_to_end and now_s >= self._next_ask_s:
            self._next_ask_s = now_s + _ASK_S
            if self._is_canceled():
                self._end(CANCELED)
        return bool(self._told_to_end)

    def _is_canceled(self) -> bool:
        try:
            self._site = self._site or self._open_site()
            return self._site.store.is_cancel_requested(self._run)
        except TrackboardError as exc:  # also settings that somebody is just writing
            _note(f"cannot ask whether the run was canceled: {exc}")
            return False

    def _judge(self, failure: Failure | None) -> _Outcome:
        if self._told_to_end or (failure is not None and is_cancel_requested(self._job)):
            self._end(CANCELED)
            return self._ended_by_request()
        if failure is None:
            return _Outcome(RunState.COMPLETED)
        name, code, console = failure.rank.name, failure.code, failure.rank.console
        by_mpi = find_failed_rank(self._job) if name == "mpirun" else None
        if by_mpi is not None:
            rank, code = by_mpi
            name, console = f"rank {rank}", self._job.console(rank).name
        said = tail(self._job.folder / console)
        end = f"; its last lines:\n{said}" if said else "; it printed nothing"
        return _Outcome(RunState.FAILED, f"{name} {_how_it_ended(code)}{end}")

    def _ended_by_request(self) -> _Outcome:
        if self._told_to_end == _TERMINATED and self._is_canceled():
            self._told_to_end = CANCELED
        if self._told_to_end == CANCELED:
            return _Outcome(RunState.CANCELED, self._told_to_end)
        return _Outcome(RunState.FAILED, self._told_to_end)

    def _keep(self, live: LiveRun, follower: Follower, work: Path, outcome: _Outcome) -> _Outcome:
        outputs = find_outputs(work)
        for line in _first(outputs.outside):
            self._tell(f"not kept: {line}")  # before the console is sent for the last time
        for line in _first([*follower.list_untaken(), *self._list_open_outside(follower)]):
            self._tell(line)
        follower.finish()
        self._sent_logs = follower.list_sent()
        lost = [f"{path}: {why}" for path, why in follower.unreadable.items()]
        try:
            lost += keep_outputs(work, outputs.files, self._place.blobs, live, follower.paths)
        except Unavailable as exc:
            lost.append(str(exc))
        if not lost:
            return outcome
        text = "files of the run could not be kept:\n" + "\n".join(lost)
        if outcome.state is RunState.COMPLETED:
            return _Outcome(RunState.FAILED, f"the script ended well, but {text}")
        return _Outcome(outcome.state, f"{outcome.cause}\n{text}")

    def _tell(self, text: str) -> None:
        """Into the job's console, if there still is one: scripts remove folders, and disks are full."""
        try:
            say(self._console, text)
        except OSError as exc:
            _note(f"{text} (not in the console: {exc})")

    def _end(self, why: str) -> None:
        self._told_to_end = self._told_to_end or why

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        self._end(_TERMINATED)


CANCELED = "it was canceled"
_TERMINATED = "its worker was ended by SIGTERM"


def _first(lines: Sequence[str]) -> list[str]:
    """As many lines as somebody reads, and how many there are beside."""
    more = len(lines) - _LINES
    return [*lines[:_LINES], *([f"{more} more links like these"] if more > 0 else [])]


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (often: the machine ran out of memory)" if -code == signal.SIGKILL else ""
    return f"was ended by {name}{hint}"


def _note(text: str) -> None:
    """Into the worker's log, which is its standard error."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
