"""A series: the values that one run logged under one name, and what is known of them at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from trackboard.model.ids import RunId
from trackboard.model.value import Value, ValueKind

SeriesId = NewType("SeriesId", int)


@dataclass(frozen=True)
class Series:
    """Summary of one series; reading it touches no points.

    `min_value` and `max_value` ignore NaN and are NaN when there is no other number, and for text. Their
    steps are those of the first points that have them, compared as float64; None where there is none, or
    the points are damaged.
    """

    id: SeriesId
    run: RunId
    name: str
    kind: ValueKind
    count: int
    last_value: Value
    last_step: int
    last_time_s: float
    min_value: float
    max_value: float
    max_step: int
    min_value_step: int | None = None
    max_value_step: int | None = None
    table: str = ""  # the table that this is a column of; its name is then `table/column`

    @property
    def column(self) -> str:
        """The column's name within its table; empty for a series of its own."""
        return self.name[len(self.table) + 1 :] if self.table else ""
