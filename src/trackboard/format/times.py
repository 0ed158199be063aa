"""Times and durations in words."""

from __future__ import annotations

import time

from trackboard.model import Run


def moment(time_s: float | None) -> str:
    """A time of this place's clock; empty for none."""
    if time_s is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_s))


def duration(seconds: float | None) -> str:
    """How long something took; empty when nobody knows."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def took_s(run: Run) -> float | None:
    """How long a run took, or has taken up to now."""
    if run.started_s is None:
        return None
    ended_s = run.ended_s if run.ended_s is not None else time.time()
    return max(0.0, ended_s - run.started_s)
