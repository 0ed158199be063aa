"""A run for the length of a `with` block: how the block is left says how the run ended."""

from __future__ import annotations

import contextlib
import logging
import traceback
from typing import Iterator, Mapping, Optional

from trackboard.errors import TrackboardError
from trackboard.model import RunId, RunState
from trackboard.record.console import capture_console, users_part
from trackboard.record.conversion.settings import plain_settings
from trackboard.record.live_run import LiveRun
from trackboard.record.recorder import Recorder
from trackboard.record.value import check_tag

_log = logging.getLogger("trackboard")
_CAUSE_LINES = 30


@contextlib.contextmanager
def start_run(
    recorder: Recorder,
    experiment: str,
    *,
    name: str = "",
    parameters: object = None,
    tags: Optional[Mapping[str, Optional[str]]] = None,
    description: str = "",
    parent: Optional[RunId] = None,
    capture: bool = True,
    console: bool = False,
) -> Iterator[LiveRun]:
    """Begin a run that ends with the block; see `closing_run`.

    Args:
        recorder: Where to record.
        experiment: Its experiment's name.
        name: What people call it.
        parameters: Settings by name, of any kind; see `LiveRun.set_parameters`.
        tags: Tags by key.
        description: What it is about.
        parent: The run that it is a part of.
        capture: Add what can be known for free: commit, command, host and so on.
        console: Keep what is printed.

    Raises:
        UsageError: A name or a tag is not one that can be stored; no run was begun.
    """
    settings, remark = plain_settings({} if parameters is None else parameters)
    marks = [check_tag(key, value) for key, value in (tags or {}).items()]
    live = recorder.create_run(experiment, name=name, parent=parent, description=description)
    with contextlib.ExitStack() as stack:
        stack.callback(live.leave)
        stack.enter_context(closing_run(live))
        live.set_parameters(settings)
        if remark:
            _log.warning("trackboard: start_run(parameters=...): %s.", remark)
        for key, tag in marks:
            live.set_tag(key, tag)
        if capture:
            from trackboard.record.capture import capture as add_surroundings  # loads subprocess

            add_surroundings(live)
        if console:
            stack.enter_context(capture_console(live))
        yield live


@contextlib.contextmanager
def closing_run(live: LiveRun) -> Iterator[LiveRun]:
    """End a run as its block ends.

    Left at its end, or by `sys.exit()` or `sys.exit(0)`: completed. By an exception, or `sys.exit` with
    anything else: failed, with the cause. By KeyboardInterrupt, or what else only asks to stop (an
    asyncio task is cancelled, a generator closed): canceled. A run that was ended within the block
    stays as it is. The exception goes on in any case.

    Raises:
        Unavailable: The block ended well, and the disk does not take that.
    """
    try:
        yield live
    except BaseException as error:
        if not _is_over(live):
            close_run(live, error)
        raise
    if not _is_over(live):
        live.complete()


def describe(error: BaseException) -> str:
    """An exception as the cause of a failure: what it is, then where it came from, 30 lines at most."""
    headline = "".join(traceback.format_exception_only(type(error), error)).strip()
    lines = "".join(traceback.format_tb(users_part(error.__traceback__))).rstrip().splitlines()
    shown = lines[-_CAUSE_LINES:]
    return "\n".join([headline, *shown])


def _is_over(live: LiveRun) -> bool:
    return live.state is not None and live.state.is_terminal


def close_run(live: LiveRun, error: BaseException) -> None:
    """End a run as an exception says; see `closing_run`. A disk that does not take it is only warned of."""
    state, cause = _outcome(error)
    try:
        if state is RunState.COMPLETED:
            live.complete()
        elif state is RunState.CANCELED:
            live.cancel(cause)
        else:
            live.fail(cause)
    except TrackboardError as trouble:  # must not hide what happened in the block
        _log.warning("trackboard: %s", trouble)


def _outcome(error: BaseException) -> tuple[RunState, str]:
    if isinstance(error, SystemExit):
        if error.code is None or error.code == 0:
            return RunState.COMPLETED, ""
        is_code = isinstance(error.code, int)
        return RunState.FAILED, f"sys.exit({error.code})" if is_code else str(error.code)
    if isinstance(error, Exception):
        return RunState.FAILED, describe(error)
    return RunState.CANCELED, f"it was interrupted by {type(error).__name__}"
