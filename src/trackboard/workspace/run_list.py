"""Runs that were asked for: a tuple, and in a notebook a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from trackboard.model import Run

if TYPE_CHECKING:
    from trackboard.workspace.notebook import Look


class RunList(tuple[Run, ...]):
    """Runs, in the order that was asked for."""

    _look: Callable[[], Look] | None = None

    @classmethod
    def of(cls, runs: Iterable[Run], look: Callable[[], Look]) -> RunList:
        """Runs of a workspace that is looked at when they are shown."""
        found = cls(runs)
        found._look = look
        return found

    def _repr_html_(self) -> str | None:
        if self._look is None:
            return None
        from trackboard.workspace.notebook import runs_html  # loads what boards are found with

        return runs_html(self._look(), self)

    def __reduce__(self) -> tuple[type[tuple[Run, ...]], tuple[tuple[Run, ...]]]:
        return tuple, (tuple(self),)  # a copy is a value, wherever it goes
