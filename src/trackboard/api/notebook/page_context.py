"""What notebook pages of one workspace are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from trackboard.api.notebook.elements import badge
from trackboard.model import Run, RunId, RunState
from trackboard.service import Service


def _own_words() -> dict[RunState, str]:
    return {state: state.value.replace("_", " ") for state in RunState}


@dataclass(frozen=True)
class PageContext:
    """A workspace as its notebook pages see it.

    Attributes:
        service: The workspace, with everything stored that shall be seen.
        lost: Runs that may be dead.
        words: What states are called.
        lost_word: What being lost is called.
    """

    service: Service
    lost: frozenset[RunId] = frozenset()
    words: Mapping[RunState, str] = field(default_factory=_own_words)
    lost_word: str = "lost"

    @classmethod
    def of(
        cls,
        service: Service,
        words: Mapping[RunState, str] | None = None,
        lost_word: str = "lost",
    ) -> PageContext:
        """Look at a workspace up to now.

        Args:
            service: The workspace.
            words: What states are called; None: our own words.
            lost_word: What runs are called that may be dead.
        """
        now = service.now()
        lost = now.runs.list_lost()
        if words is None:
            return cls(now, lost, lost_word=lost_word)
        return cls(now, lost, words, lost_word)

    def state(self, run: Run) -> Markup:
        """A run's state in its colour."""
        if run.id in self.lost:
            return badge(self.lost_word, None)
        return badge(self.words[run.state], run.state)
