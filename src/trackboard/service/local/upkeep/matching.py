"""All runs that match a query, as one selection: which they are, and which of them go on."""

from __future__ import annotations

from collections.abc import Collection

from trackboard.errors import Conflict
from trackboard.format.amounts import count
from trackboard.history.known_names import check_names
from trackboard.model import RunId, RunState
from trackboard.ports import Attribute, RunQuery, Store, attribute
from trackboard.service.answers import MatchingChange

_ID, _PARENT = attribute(Attribute.ID), attribute(Attribute.PARENT)
_GOING_ON = tuple(state for state in RunState if not state.is_terminal)


def select(store: Store, query: RunQuery, expected: int | None) -> list[RunId]:
    """Read the ids of all runs that match, and no more of them, however many these are.

    Raises:
        Conflict: They are not as many as was expected.
        NotFound: No run has a name that is asked for.
        UsageError: Text is compared as a number, or the other way round.
    """
    check_names(store, query)
    (ids,) = store.read_columns(query, [_ID])
    if expected is not None and len(ids) != expected:
        verb = "matches" if len(ids) == 1 else "match"
        raise Conflict(
            f"{count(len(ids), 'run')} {verb} now, and not {expected:,}: nothing was changed",
            hint="Look at what matches now, and say it again.",
        )
    return [RunId(str(each)) for each in ids]


def find_going_on(store: Store) -> set[RunId]:
    """Find the runs that have not ended, and all that these are below of.

    They are few, as a rule, whatever the number of runs.
    """
    ids, parents = store.read_columns(RunQuery(archived=True, states=_GOING_ON), [_ID, _PARENT])
    found = {RunId(str(each)) for each in ids}
    level = {RunId(str(each)) for each in parents if each is not None} - found
    while level:
        found |= level
        above = store.list_runs(ids=level)
        level = {run.parent for run in above if run.parent is not None} - found
    return found


def describe_change(
    selected: Collection[RunId], changed: Collection[RunId], *, going_on: int = 0, time_s: float
) -> MatchingChange:
    """Tell runs that were selected from those that went with them."""
    asked = frozenset(selected)
    runs = tuple(each for each in changed if each in asked)
    return MatchingChange(runs, len(changed) - len(runs), going_on, time_s)
