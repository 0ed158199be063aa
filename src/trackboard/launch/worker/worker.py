"""The worker: carries out one plan, and alone says what became of it.

What differs between machines is given to it: how it hears of a cancel, how the plan is adapted, and where the
processes run. A plan, the snapshot and its own spool are all else it needs. The script's start waits for what
is loaded with this module, so what is needed later is loaded later.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from trackboard.errors import TrackboardError, Unavailable
from trackboard.launch.context.job_log import append_lines, tail
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.context.working_copy import make_work, remove_work
from trackboard.launch.processes.orphan_reaper import end_orphans, reap_orphans
from trackboard.launch.processes.process_table import measure_memory
from trackboard.launch.processes.ranks import list_logs
from trackboard.launch.processes.supervisor import LEFTOVER_GRACE_S, Failure, Processes
from trackboard.launch.worker.end_request import CANCELED, TERMINATED, CancelSignal, EndRequest
from trackboard.launch.worker.log_files import printable
from trackboard.launch.worker.log_follower import Follower
from trackboard.launch.worker.machines import Machines, Stage
from trackboard.launch.worker.plan_adapter import PlanAdapter, SameMachine
from trackboard.launch.worker.worker_log import note
from trackboard.model import JobPlan, RunId, RunState
from trackboard.record import LiveRun

_LINES = 50  # of what is not kept


class _Outcome(NamedTuple):
    state: RunState
    cause: str = ""


class Worker:
    """Carries out the plan of one run.

    Args:
        context: The workspace, as far as its folder goes.
        run: The run.
        cancel: Knows whether the run was canceled.
        machines: Where the job's processes run.
        adapter: Turns the plan into what this machine carries out.
        adopts_orphans: This process has nothing else below it, and adopts orphans (see `orphan_reaper`).
        follow_s: How often what the script writes is looked at.
        ask_s: How often it is asked whether the run was canceled, where that takes long.
        open_files_rest: How many times as long as a look for open files took nobody looks again.
    """

    def __init__(
        self,
        context: WorkerContext,
        run: RunId,
        cancel: CancelSignal,
        machines: Machines,
        adapter: PlanAdapter | None = None,
        *,
        adopts_orphans: bool = False,
        follow_s: float = 0.5,
        ask_s: float = 1.0,
        open_files_rest: float = 50.0,
    ) -> None:
        self._context = context
        self._run = run
        self._machines = machines
        self._adapter = adapter or SameMachine()
        self._adopts_orphans = adopts_orphans
        self._follow_s = follow_s
        self._open_files_rest = open_files_rest
        self._end = EndRequest(cancel, ask_s)
        self._job = context.paths.job(run)
        self._console = self._job.console(0)
        self._sent_logs: list[Path] = []
        self._open_outside: set[str] = set()  # event files at paths outside of the working copy
        self._next_open_files_s = 0.0

    def carry_out(self) -> None:
        """Run the job from preparing to its end; afterwards the run is terminal."""
        live = self._context.recorder.attach(self._run, owner=True)
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
            note(f"not removed: {line}")

    def _attempt(self, live: LiveRun) -> _Outcome:
        plan = self._adapter.adapt(load_plan(self._job))
        live.set_state(RunState.PREPARING)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        append_lines(self._console, "")  # it is there from the begin
        for line in plan.notes:
            append_lines(self._console, line)
        work = self._job.work
        closed = (self._context.paths.folder,)
        follower = Follower(work, live.append_bytes, live.remove_file, closed=closed)
        for path, file in list_logs(plan, self._job).items():
            follower.watch(path, file)
        try:
            self._end.ask_later()  # the store is opened once something takes long
            if make_work(self._context, plan, self._beat_and_check_cancel):
                outcome = self._run_in(work, plan, live, follower)
            else:
                outcome = self._ended_by_request()
        except (TrackboardError, OSError) as exc:
            said = str(exc) if isinstance(exc, TrackboardError) else f"it could not go on: {exc}"
            self._log_to_console(said)
            outcome = _Outcome(RunState.FAILED, said)
        return self._keep(live, follower, work, outcome)

    def _run_in(self, work: Path, plan: JobPlan, live: LiveRun, follower: Follower) -> _Outcome:
        """From the environment to the end of the last process."""
        beat = self._context.recorder.beat
        stage = Stage(plan, live, follower, self._console, self._end.is_made, beat)
        prepared = self._machines.prepare(stage)
        if prepared is None:
            self._end.make(CANCELED)
            return self._ended_by_request()
        if self._end.is_made():
            prepared.release()
            return self._ended_by_request()
        self._end.ask_now()
        follower.begin()
        processes = self._machines.start(plan, prepared, work)
        try:
            live.set_state(RunState.RUNNING)
            self._supervise(plan, processes, follower)
        finally:
            processes.close()
            left = self._adopts_orphans and end_orphans(LEFTOVER_GRACE_S)
            prepared.release()
        if left or processes.left:
            self._log_to_console("the script has ended; what it left running was ended too")
        live.set_state(RunState.FINALIZING)
        return self._decide_outcome(processes.failure)

    def _supervise(self, plan: JobPlan, processes: Processes, follower: Follower) -> None:
        """Follow the processes until they have ended, and end them when somebody asks for that."""
        began_s = time.monotonic()
        is_told = False
        pause_s = 0.05  # the first look comes early
        while not processes.wait(pause_s):
            pause_s = 0.001 if follower.poll() else self._follow_s
            self._context.recorder.beat()  # a script may say nothing for hours
            self._find_open_files(processes)
            if self._adopts_orphans:
                reap_orphans(processes.pids)
            elapsed_s = time.monotonic() - began_s
            if plan.max_duration_s is not None and elapsed_s > plan.max_duration_s:
                self._end.make(f"it ran longer than its limit of {plan.max_duration_s:g} s")
            if self._exceeds_memory_limit(processes):
                processes.kill()  # there is no time to be polite
            if self._end.is_made() and not is_told:
                is_told = True
                self._log_to_console(f"ending the script: {self._end.why}")
                processes.end()

    def _find_open_files(self, processes: Processes) -> None:
        """Event files at absolute paths are found while they are written, or never."""
        from trackboard.launch.worker.open_files import find_open_event_files

        began_s = time.monotonic()
        if began_s < self._next_open_files_s:
            return
        pids = processes.list_pids(orphans=self._adopts_orphans)
        self._open_outside |= find_open_event_files(pids, os.path.realpath(self._job.work))
        now_s = time.monotonic()
        self._next_open_files_s = now_s + self._open_files_rest * (now_s - began_s)

    def _list_open_outside(self, follower: Follower) -> list[str]:
        """One line for each folder with event files that are not followed."""
        left = {os.path.dirname(path) for path in self._open_outside if not follower.follows(path)}
        return [
            f"the event files in {printable(folder)} are not kept: that is outside of the job's"
            " folder. Write them below logs/, or let a link lead there"
            for folder in sorted(left)
        ]

    def _exceeds_memory_limit(self, processes: Processes) -> bool:
        limit_bytes = self._machines.limit_bytes
        if limit_bytes is None:
            return False
        pids = processes.list_pids(orphans=self._adopts_orphans)
        held_bytes = measure_memory(pids, limit_bytes)
        if held_bytes <= limit_bytes:
            return False
        held, limit = held_bytes / 2**30, limit_bytes / 2**30
        self._end.make(
            f"its processes held {held:.2f} GB of memory together, and it may have {limit:.2f} GB"
            " (memory_gb in trackboard.toml)"
        )
        return True

    def _beat_and_check_cancel(self) -> bool:
        """Say that this process lives, and look whether the job is to end, while its working copy is made."""
        self._context.recorder.beat()
        return self._end.is_made()

    def _decide_outcome(self, failure: Failure | None) -> _Outcome:
        if self._end.why or (failure is not None and self._end.poll()):
            return self._ended_by_request()
        if failure is None:
            return _Outcome(RunState.COMPLETED)
        from trackboard.launch.processes.mpi import find_failed_rank

        name, code, console = failure.rank.name, failure.code, failure.rank.console
        by_mpi = find_failed_rank(self._job) if name == "mpirun" else None
        if by_mpi is not None:
            rank, code = by_mpi
            name, console = f"rank {rank}", self._job.console(rank).name
        said = tail(self._job.folder / console)
        end = f"; its last lines:\n{said}" if said else "; it printed nothing"
        return _Outcome(RunState.FAILED, f"{name} {_describe_exit(code)}{end}")

    def _ended_by_request(self) -> _Outcome:
        state = self._end.final_state()
        return _Outcome(state, self._end.why)

    def _keep(self, live: LiveRun, follower: Follower, work: Path, outcome: _Outcome) -> _Outcome:
        from trackboard.launch.worker.outputs import find_outputs, keep_outputs

        outputs = find_outputs(work)
        for line in _first(outputs.outside):
            self._log_to_console(
                f"not kept: {line}"
            )  # before the console is sent for the last time
        for line in _first([*follower.list_untaken(), *self._list_open_outside(follower)]):
            self._log_to_console(line)
        follower.finish()
        self._sent_logs = follower.list_sent()
        lost = [f"{path}: {why}" for path, why in follower.unreadable.items()]
        try:
            lost += keep_outputs(work, outputs.files, live, follower.paths)
        except Unavailable as exc:
            lost.append(str(exc))
        if not lost:
            return outcome
        text = "files of the run could not be kept:\n" + "\n".join(lost)
        if outcome.state is RunState.COMPLETED:
            return _Outcome(RunState.FAILED, f"the script ended well, but {text}")
        return _Outcome(outcome.state, f"{outcome.cause}\n{text}")

    def _log_to_console(self, text: str) -> None:
        """Into the job's console, if there still is one: scripts remove folders, and disks are full."""
        try:
            append_lines(self._console, text)
        except OSError as exc:
            note(f"{text} (not in the console: {exc})")

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        self._end.make(TERMINATED)


def _first(lines: Sequence[str]) -> list[str]:
    """As many lines as somebody reads, and how many there are beside."""
    more = len(lines) - _LINES
    return [*lines[:_LINES], *([f"{more} more links like these"] if more > 0 else [])]


def _describe_exit(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (often: the machine ran out of memory)" if -code == signal.SIGKILL else ""
    return f"was ended by {name}{hint}"
