"""Which of the environment variables that Ray gives to its processes a job's own processes get."""

from __future__ import annotations

from collections.abc import Mapping

_OURS = frozenset(("RAY_JOB_STOP_WAIT_TIME_S", "RAY_worker_niceness"))
_FOR_DRIVERS = frozenset(("RAY_ADDRESS",))


def driver_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of the driver of a Ray job: a script may use Ray itself."""
    return {name: value for name, value in variables.items() if name not in _OURS}


def part_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of an actor, without what tells Ray that it is one."""
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith("RAY_") or name in _FOR_DRIVERS
    }
