"""The SDK's words for the states of a run."""

from __future__ import annotations

from typing import List, Mapping

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


class RunStatus:
    """The states' names as constants."""

    NOT_STARTED = "NotStarted"
    UNAPPROVED = "Unapproved"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    PROVISIONING = "Provisioning"
    STARTING = "Starting"
    PREPARING = "Preparing"
    QUEUED = "Queued"
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"
    NOTRESPONDING = LOST

    @classmethod
    def list(cls) -> List[str]:
        """All of them."""
        return [value for name, value in vars(cls).items() if name.isupper()]

    @classmethod
    def get_post_processing_statuses(cls) -> List[str]:
        """Those of a run whose script has ended, which has not."""
        return [cls.CANCEL_REQUESTED, cls.FINALIZING]

    @classmethod
    def get_running_statuses(cls) -> List[str]:
        """Those of a run whose script has not ended."""
        ended = {*TERMINAL_STATUSES, *cls.get_post_processing_statuses()}
        return [status for status in cls.list() if status not in ended]
