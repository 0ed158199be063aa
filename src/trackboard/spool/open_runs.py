"""What describes the runs of this process that go on: enough to say it again in another place.

Somebody may delete or move a workspace in front of a process that records into it. The next spool then
begins with this, so that its runs are whole: created, properties, parameters, tags, state. A run that has
ended is forgotten once its end was seen in its place. Jobs are left out: their workers describe them.
"""

from __future__ import annotations

from typing import Dict, List, Set, Tuple

from trackboard.model import (
    Created,
    Event,
    ParameterSet,
    PropertyAdded,
    RunId,
    RunKind,
    StateChanged,
    Tagged,
)
from trackboard.spool.backlog import Waiting
from trackboard.spool.layout import pack_record

_MAX_BYTES = 16 << 20

_Fact = Tuple[str, str]
_DESCRIBING = (Created, StateChanged, Tagged, PropertyAdded, ParameterSet)


class OpenRuns:
    """The runs of one writer that have not ended, each with what was said of it last.

    Args:
        max_bytes: What they may take together; what comes beyond that is not said again.
    """

    def __init__(self, *, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._runs: Dict[RunId, Dict[_Fact, bytes]] = {}
        self._ended: Set[RunId] = set()
        self._bytes = 0

    def note(self, event: Event, payload: bytes) -> None:
        """Remember an event that describes a run of this process, as the payload that says it."""
        if not isinstance(event, _DESCRIBING) or not self._is_ours(event):
            return
        if self._bytes + len(payload) > self._max_bytes:
            return
        facts = self._runs.setdefault(event.run, {})
        fact = _fact_of(event)
        old = facts.get(fact, b"")
        if old and isinstance(event, PropertyAdded):  # the first one counts
            return
        facts[fact] = payload
        self._bytes += len(payload) - len(old)

    def _is_ours(self, event: Event) -> bool:
        if isinstance(event, Created):
            return event.kind is not RunKind.JOB
        return isinstance(event, StateChanged) or getattr(event, "run", None) in self._runs

    def end(self, run: RunId) -> None:
        """Take down that a run has ended."""
        self._ended.add(run)

    def forget_ended(self) -> None:
        """Forget the runs that have ended: everything of them is where it belongs."""
        while self._ended:
            facts = self._runs.pop(self._ended.pop(), {})
            self._bytes -= sum(map(len, facts.values()))

    def describe(self) -> List[Waiting]:
        """Say everything again; a run's state comes last."""
        return [
            Waiting(run, pack_record(payload), is_kept=True)
            for run, facts in list(self._runs.items())  # at once: a signal handler may note more
            for _, payload in sorted(facts.items(), key=lambda each: each[0][0] == "state")
        ]


def _fact_of(event: Event) -> _Fact:
    if isinstance(event, Created):
        return "created", ""
    if isinstance(event, StateChanged):
        return "state", ""
    if isinstance(event, ParameterSet):
        return "parameter", event.name
    return type(event).__name__, getattr(event, "key", "")
