"""What notebook pages of one workspace are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from trackboard.model import Run, RunId, RunState
from trackboard.ports import Store
from trackboard.workspace.notebook.elements import badge


def _own_words() -> dict[RunState, str]:
    return {state: state.value.replace("_", " ") for state in RunState}


@dataclass(frozen=True)
class Look:
    """A workspace as its notebook pages see it.

    Attributes:
        name: The workspace's.
        folder: Where it is.
        store: Its history, with everything stored that shall be seen.
        lost: Runs that may be dead.
        words: What states are called.
        lost_word: What being lost is called.
    """

    name: str
    folder: Path
    store: Store
    lost: frozenset[RunId] = frozenset()
    words: Mapping[RunState, str] = field(default_factory=_own_words)
    lost_word: str = "lost"

    def state(self, run: Run) -> Markup:
        """A run's state in its colour."""
        if run.id in self.lost:
            return badge(self.lost_word, None)
        return badge(self.words[run.state], run.state)
