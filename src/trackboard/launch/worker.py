"""The worker: carries out one plan, and alone says what became of it.

It opens the store only after the script has started; until then a plan, the snapshot and its own spool
are all it needs.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from trackboard.environments import prepare_environment
from trackboard.errors import TrackboardError, Unavailable
from trackboard.launch.console import say, tail
from trackboard.launch.follow import Follower
from trackboard.launch.outputs import keep_outputs
from trackboard.launch.place import WORK, Place
from trackboard.launch.plan_file import load_plan
from trackboard.launch.script import Script
from trackboard.launch.work import make_work, remove_work
from trackboard.model import JobPlan, RunId, RunState, Share
from trackboard.record import LiveRun

if TYPE_CHECKING:
    from trackboard.launch.site import Site

CONSOLE = "user_logs/std_log.txt"  # within the run, as the SDK named it
_CONSOLE_FILE = "console.txt"  # while the script runs, beside the plan
_FOLLOW_S = 0.5
_ASK_S = 1.0  # how often the store is asked whether somebody wants the run to end
_GRACE_S = 10.0
_LEFTOVER_GRACE_S = 2.0


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
    """

    def __init__(
        self,
        place: Place,
        run: RunId,
        open_site: Callable[[], Site],
        shares: Sequence[Share] = (),
    ) -> None:
        self._shares = shares
        self._place = place
        self._run = run
        self._open_site = open_site
        self._site: Site | None = None
        self._folder = place.job_folder(run)
        self._console = self._folder / _CONSOLE_FILE
        self._told_to_end = ""  # why, once it was
        self._next_ask_s = 0.0

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
        for line in remove_work(self._folder / WORK):
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
        for note in plan.notes:
            say(self._console, note)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self._console.touch()
        work = make_work(self._place, plan)
        follower = Follower(work, live.append_bytes)
        follower.watch(CONSOLE, self._console)
        prepared = prepare_environment(
            plan.environment,
            plan.variables,
            report=lambda line: say(self._console, line),
            is_canceled=lambda: self._is_wanted_to_end(time.monotonic()),
        )
        if prepared is None or self._told_to_end:
            return self._ended_by_request()
        variables = {**plan.variables, **prepared.variables}
        script = Script((prepared.python, *plan.script), variables, work, self._console)
        try:
            live.set_state(RunState.RUNNING)
            code = self._supervise(plan, script, follower)
        finally:
            left = script.close(_LEFTOVER_GRACE_S)
        if left:
            say(self._console, "the script has ended; what it left running was ended too")
        live.set_state(RunState.FINALIZING)
        outcome = self._judge(code)
        return self._keep(live, follower, work, outcome)

    def _load(self) -> JobPlan:
        return load_plan(self._folder)

    def _supervise(self, plan: JobPlan, script: Script, follower: Follower) -> int:
        """Follow the script until it has ended, and end it when somebody asks for that."""
        began_s = time.monotonic()
        kill_at_s: float | None = None
        pause_s = 0.05  # the first look comes early
        while (code := script.wait(pause_s)) is None:
            pause_s = 0.001 if follower.poll() else _FOLLOW_S
            self._place.recorder.beat()  # a script may say nothing for hours
            now_s = time.monotonic()
            if plan.max_duration_s is not None and now_s - began_s > plan.max_duration_s:
                self._end(f"it ran longer than its limit of {plan.max_duration_s:g} s")
            if kill_at_s is None and self._is_wanted_to_end(now_s):
                say(self._console, f"ending the script: {self._told_to_end}")
                script.terminate()
                kill_at_s = now_s + _GRACE_S
            elif kill_at_s is not None and now_s > kill_at_s:
                script.kill()
        return code

    def _is_wanted_to_end(self, now_s: float) -> bool:
        if not self._told_to_end and now_s >= self._next_ask_s:
            self._next_ask_s = now_s + _ASK_S
            if self._is_canceled():
                self._end(_CANCELED)
        return bool(self._told_to_end)

    def _is_canceled(self) -> bool:
        try:
            self._site = self._site or self._open_site()
            return self._site.store.is_cancel_requested(self._run)
        except Unavailable as exc:
            _note(f"cannot ask whether the run was canceled: {exc}")
            return False

    def _judge(self, code: int) -> _Outcome:
        if self._told_to_end:
            return self._ended_by_request()
        if code == 0:
            return _Outcome(RunState.COMPLETED)
        said = tail(self._console)
        end = f"; its last lines:\n{said}" if said else "; it printed nothing"
        return _Outcome(RunState.FAILED, f"the script {_how_it_ended(code)}{end}")

    def _ended_by_request(self) -> _Outcome:
        if self._told_to_end == _TERMINATED and self._is_canceled():
            self._told_to_end = _CANCELED
        if self._told_to_end == _CANCELED:
            return _Outcome(RunState.CANCELED, self._told_to_end)
        return _Outcome(RunState.FAILED, self._told_to_end)

    def _keep(self, live: LiveRun, follower: Follower, work: Path, outcome: _Outcome) -> _Outcome:
        follower.finish()
        lost = [f"{path}: {why}" for path, why in follower.unreadable.items()]
        try:
            lost += keep_outputs(work, self._place.blobs, live, follower.paths)
        except Unavailable as exc:
            lost.append(str(exc))
        if not lost:
            return outcome
        text = "files of the run could not be kept:\n" + "\n".join(lost)
        if outcome.state is RunState.COMPLETED:
            return _Outcome(RunState.FAILED, f"the script ended well, but {text}")
        return _Outcome(outcome.state, f"{outcome.cause}\n{text}")

    def _end(self, why: str) -> None:
        self._told_to_end = self._told_to_end or why

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        self._end(_TERMINATED)


_CANCELED = "it was canceled"
_TERMINATED = "its worker was ended by SIGTERM"


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
