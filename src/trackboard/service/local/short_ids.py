"""The few characters of a run's id that people read and type: as many as tell it from all others."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from trackboard.model import RunId

_LEAST_TYPED = 4
_LEAST_SHOWN = 8
_JOB_ID = re.compile(r".*_\d+_([0-9a-f]{8})")  # see `model.ids`


def find_ids(text: str, known: Iterable[RunId]) -> list[RunId]:
    """Find the ids that begin with a text, and those of jobs whose own eight digits do."""
    if len(text) < _LEAST_TYPED:
        return []
    return [run for run in known if run.startswith(text) or _own_part(run).startswith(text)]


def shorten_ids(ids: Iterable[RunId], known: Iterable[RunId]) -> Mapping[RunId, str]:
    """Shorten ids so that `find_ids` finds each by what is left of it, and no other.

    Args:
        ids: The ids.
        known: All ids that there are.
    """
    starts = sorted(start for run in known for start in {run, _own_part(run)})
    return {run: _shorten(run, starts) for run in ids}


def _shorten(run: RunId, starts: Sequence[str]) -> str:
    own = _own_part(run)
    for length in range(_LEAST_SHOWN, len(own)):
        text = own[:length]
        first = bisect_left(starts, text)
        if sum(each.startswith(text) for each in starts[first : first + 2]) == 1:
            return text
    is_alone = sum(each.startswith(own) for each in starts) == 1
    return own if is_alone else run


def _own_part(run: str) -> str:
    """What tells a job's id from those of other jobs of its experiment; any other id as it is."""
    job = _JOB_ID.fullmatch(run)
    return job.group(1) if job else run
