"""A run as a reader gets to see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from trackboard.model.ids import RunId
from trackboard.model.state import RunKind, RunState


@dataclass(frozen=True)
class Run:
    """One run as it is stored. Times are seconds since the Unix epoch (UTC)."""

    id: RunId
    experiment: str
    number: int  # counts up within the experiment, from 1; given when *created* is stored
    given_name: str  # what people called it, "" when nobody did
    parent: Optional[RunId]
    kind: RunKind
    state: RunState
    cause: str  # why it failed, or what it waits for; "" when there is nothing to say
    created_s: float
    started_s: Optional[float]
    ended_s: Optional[float]
    lost_points: int  # what the writer could not store (full disk), as it counted itself
    warnings: tuple[str, ...]  # oddities met while storing, oldest first
    description: str = ""
    archived_s: Optional[float] = None  # when it was put away, or None
    deleted_s: Optional[float] = None  # since when it is in the trash, or None

    @property
    def name(self) -> str:
        """What to call it: what people gave, else `run-<number>`, or its id where no more is known."""
        return self.given_name or (f"run-{self.number}" if self.number > 0 else self.id)
