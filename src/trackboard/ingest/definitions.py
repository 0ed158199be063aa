"""What a segment calls its series and files, by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trackboard.model import LIMITS, RunId
from trackboard.spool import (
    FileDefinition,
    Malformed,
    SeriesDefinition,
    decode_record,
    parse_json,
)

DEFINING_KINDS = ("series", "file")


@dataclass
class Definitions:
    """What a segment has called its series and files so far.

    Of a definition that could not be understood the run is kept, where it says one: what belongs to it
    is counted as lost there.
    """

    series: dict[int, SeriesDefinition] = field(default_factory=dict)
    files: dict[int, FileDefinition] = field(default_factory=dict)
    nameless: dict[int, RunId] = field(default_factory=dict)

    def runs(self) -> set[RunId]:
        """The runs that are named."""
        of_series = {each.run for each in self.series.values()}
        return of_series | {each.run for each in self.files.values()}

    def copy(self) -> Definitions:
        """The same, to go back to."""
        return Definitions(dict(self.series), dict(self.files), dict(self.nameless))

    def take(self, payload: bytes) -> bool:
        """Learn a definition from its record, sound or not; whether it was one."""
        said = said_by(payload)
        if said.get("k") not in DEFINING_KINDS:
            return False
        try:
            self.add(decode_record(said))
        except Malformed:
            self.add_nameless(said)
        return True

    def add(self, definition: object) -> None:
        """Learn one that was understood.

        Raises:
            Malformed: Its number names something else already, which points may have followed.
        """
        known: object = definition
        if isinstance(definition, SeriesDefinition):
            known = self.series.setdefault(definition.id, definition)
        elif isinstance(definition, FileDefinition):
            known = self.files.setdefault(definition.id, definition)
        if known != definition:
            raise Malformed(f"the number of {definition} is that of {known}")

    def add_nameless(self, said: Mapping[str, Any]) -> None:
        """Remember whose points have no name, as far as a malformed definition says it."""
        number, run = said.get("id"), run_said_by(said)
        if type(number) is int and run is not None:
            self.nameless[number] = run


def said_by(payload: bytes) -> Mapping[str, Any]:
    """The fields of a record that may be malformed."""
    try:
        return parse_json(payload)
    except Malformed:
        return {}


def run_said_by(said: Mapping[str, Any]) -> RunId | None:
    """The run that such a record names, where it names one."""
    run = said.get("run")
    if not isinstance(run, str) or not 0 < len(run) <= LIMITS["run id"]:
        return None
    return RunId(run)
