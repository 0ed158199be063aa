"""Runs that were asked for: a tuple, and in a notebook a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trackboard.model import Run

if TYPE_CHECKING:
    from trackboard.service import Service


class RunList(tuple[Run, ...]):
    """Runs, in the order that was asked for."""

    _service: Service | None = None

    @classmethod
    def of(cls, runs: Iterable[Run], service: Service) -> RunList:
        """Runs of a workspace that is looked at when they are shown."""
        found = cls(runs)
        found._service = service
        return found

    def _repr_html_(self) -> str | None:
        if self._service is None:
            return None
        from trackboard.api.notebook import (  # loads what boards are found with
            PageContext,
            runs_html,
        )

        return runs_html(PageContext.of(self._service), self)

    def __reduce__(self) -> tuple[type[tuple[Run, ...]], tuple[tuple[Run, ...]]]:
        return tuple, (tuple(self),)  # a copy is a value, wherever it goes
