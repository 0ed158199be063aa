"""The SDK's words for the states of a run."""

from __future__ import annotations

from typing import Mapping

from trackboard.model import RunState

STATUS_NAMES: Mapping[RunState, str] = {
    RunState.NOT_STARTED: "NotStarted",
    RunState.QUEUED: "Queued",
    RunState.PREPARING: "Preparing",
    RunState.STARTING: "Starting",
    RunState.RUNNING: "Running",
    RunState.FINALIZING: "Finalizing",
    RunState.COMPLETED: "Completed",
    RunState.FAILED: "Failed",
    RunState.CANCELED: "Canceled",
}
STATES: Mapping[str, RunState] = {name: state for state, name in STATUS_NAMES.items()}
LOST = "NotResponding"  # silent, where nobody can tell whether it lives
TERMINAL_STATUSES = ("Completed", "Failed", "Canceled")
