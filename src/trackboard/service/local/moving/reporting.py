"""What stands in a report of runs: gathered from the service, and bounded."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import NotFound, TrackboardError
from trackboard.format.amounts import count, size
from trackboard.format.times import duration, took_s
from trackboard.model import ArtifactKind, Run, RunId, Series, ValueKind
from trackboard.ports import Artifact
from trackboard.service.answers import RunDetails, RunFacts
from trackboard.transfer.export.page.chart import Chart, Curve, Row, choose_mark, draw_chart
from trackboard.transfer.export.page.content import (
    Cell,
    CodeChange,
    Column,
    Pair,
    Picture,
    Report,
    ReportedRun,
)

if TYPE_CHECKING:
    from trackboard.history.buckets import Buckets
    from trackboard.model import SeriesId
    from trackboard.service.contract.service import Service
    from trackboard.transfer.report import Progress

_MOST_COLUMNS = 100  # of each kind
_MOST_CHARTS = 100
_MOST_CURVES = 50  # in a chart
_MOST_BUCKETS, _LEAST_BUCKETS = 300, 10  # of a curve
_BUCKETS = 36_000  # of all curves together: about 1 MB
_MOST_COMPARED = 20  # runs
_MOST_DIFFERENCES = 200
_MOST_DIFF = 50_000  # characters, of all files
_MOST_FILES = 100
_MOST_TEXTS = 20
_CELL, _TEXT = 200, 2_000  # characters
_PICTURE_BYTES = 150_000
_PICTURES_BYTES = 450_000  # of all together; a third more as text
_MOST_PICTURES = 8  # of a run
_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


class Reporting:
    """A report underway.

    Args:
        service: Answers for the workspace, from what is stored.
        runs: What is reported, in order.
        progress: Is told how many runs of how many were read, then how many points.
    """

    def __init__(self, service: Service, runs: Sequence[Run], progress: Progress | None) -> None:
        self._service, self._progress = service, progress
        self._facts = service.runs.describe(runs)
        self._marks = {run.id: choose_mark(number) for number, run in enumerate(runs)}
        self._left_out: list[str] = []
        self._pictures_bytes = 0

    def gather(self) -> Report:
        """Return all that stands in the report."""
        runs = [self._read_run(number, facts) for number, facts in enumerate(self._facts)]
        charts = self._draw_charts()
        experiments = dict.fromkeys(facts.run.experiment for facts in self._facts)
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        return Report(
            title=_clip(", ".join(experiments), _CELL),
            made=f"{count(len(runs), 'run')} of the history {self._service.name}, {now}",
            runs=runs,
            columns=self._list_columns(),
            differences=self._list_differences(),
            changes=self._list_changes(),
            charts=charts,
            left_out=self._left_out,
        )

    # -- the table of runs -------------------------------------------------------------------------

    def _list_columns(self) -> list[Column]:
        found = []
        for kind, names in (
            ("parameter", _names(facts.parameters for facts in self._facts)),
            ("tag", _names(facts.tags for facts in self._facts)),
            ("metric", self._list_metrics()),
        ):
            for name in self._bounded(names, _MOST_COLUMNS, kind):
                cells = [_cell(kind, facts, name) for facts in self._facts]
                found.append(Column(kind, _clip(name, _CELL), cells))
        return found

    def _bounded(self, names: list[str], most: int, what: str) -> list[str]:
        if len(names) > most:
            self._left_out.append(f"{most:,} of {count(len(names), what)} are in this table.")
        return names[:most]

    # -- metrics -----------------------------------------------------------------------------------

    def _draw_charts(self) -> list[Chart]:
        names = self._list_metrics()
        if len(names) > _MOST_CHARTS:
            self._left_out.append(f"{_MOST_CHARTS:,} of {len(names):,} metrics are drawn below.")
        kept = names[:_MOST_CHARTS]
        curves = sum(min(len(self._having(name)), _MOST_CURVES) for name in kept)
        limit = max(_LEAST_BUCKETS, min(_MOST_BUCKETS, _BUCKETS // max(curves, 1)))
        charts, points = [], 0
        for name in kept:
            charts.append(self._draw_chart(name, limit))
            points += sum(series.count for _, series in self._having(name))
            if self._progress is not None:
                self._progress(len(self._facts), len(self._facts), points)
        return charts

    def _list_metrics(self) -> list[str]:
        """Metrics that are numbers in some run."""
        return _names(
            [name for name, each in facts.metrics.items() if each.kind is not ValueKind.TEXT]
            for facts in self._facts
        )

    def _having(self, name: str) -> list[tuple[RunFacts, Series]]:
        return [(facts, facts.metrics[name]) for facts in self._facts if name in facts.metrics]

    def _draw_chart(self, name: str, limit: int) -> Chart:
        having = self._having(name)
        rows = [
            Row(facts.name, self._marks[facts.run.id], *_numbers(series))
            for facts, series in having
        ]
        drawn = having[:_MOST_CURVES]
        is_curve = any(series.count > 1 for _, series in drawn)
        buckets = self._service.metrics.read_buckets(
            [series for _, series in drawn if is_curve and series.kind is not ValueKind.TEXT], limit
        )
        curves = [
            Curve(facts.name, self._marks[facts.run.id], buckets[series.id])
            for facts, series in drawn
            if series.id in buckets
        ]
        note = _note(drawn, having, buckets) if is_curve else ""
        return draw_chart(_clip(name, _CELL), curves, rows, note)

    # -- code --------------------------------------------------------------------------------------

    def _list_differences(self) -> list[Column]:
        if not 1 < len(self._facts) <= _MOST_COMPARED:
            return []
        compared = self._service.runs.compare([facts.run.id for facts in self._facts])
        found = [
            Column(
                fact.kind, _clip(fact.name, _CELL), [Cell(_word(value)) for value in fact.values]
            )
            for fact in compared.facts
            if fact.kind in ("code", "package") and not fact.is_equal
        ]
        if len(found) > _MOST_DIFFERENCES:
            self._left_out.append(
                f"{_MOST_DIFFERENCES:,} of {len(found):,} differences of code and packages are listed."
            )
        return found[:_MOST_DIFFERENCES]

    def _list_changes(self) -> list[CodeChange]:
        if len(self._facts) != 2:
            return []
        old, new = (facts.run.id for facts in self._facts)
        try:
            changes = self._service.runs.diff(old, new)
        except NotFound:  # the code of one is gone
            return []
        found, room = [], _MOST_DIFF
        for change in changes:
            text = _clip(change.diff or "no text, or too long", max(room, _CELL))
            found.append(CodeChange(_clip(change.path, _CELL), change.kind, text))
            room -= len(text)
        return found

    # -- each run ----------------------------------------------------------------------------------

    def _read_run(self, number: int, facts: RunFacts) -> ReportedRun:
        run = facts.run
        details = self._service.runs.get_details(run.id)
        took = took_s(run)
        texts = [each for each in facts.metrics.values() if each.kind is ValueKind.TEXT]
        left_out = [
            f"{most:,} of {len(found):,} {what} are listed."
            for found, most, what in (
                (details.files, _MOST_FILES, "files"),
                (texts, _MOST_TEXTS, "texts"),
            )
            if len(found) > most
        ]
        reported = ReportedRun(
            name=facts.name,
            mark=self._marks[run.id],
            state=facts.word,
            started=_moment(run.started_s),
            took="" if took is None else duration(took),
            description=_clip(run.description, _TEXT),
            cause=_clip(run.cause, _TEXT),
            facts=_list_facts(details),
            warnings=[_clip(each, _TEXT) for each in run.warnings],
            texts=[
                Pair(_clip(each.name, _CELL), _clip(str(each.last_value), _TEXT))
                for each in texts[:_MOST_TEXTS]
            ],
            pictures=self._list_pictures(run.id),
            files=[
                Pair(_clip(file.path, _CELL), size(file.size_bytes))
                for file in details.files[:_MOST_FILES]
            ],
            left_out=left_out,
        )
        if self._progress is not None:
            self._progress(number + 1, len(self._facts), 0)
        return reported

    def _list_pictures(self, run: RunId) -> list[Picture]:
        """The last image under each name."""
        found = self._service.metrics.list_artifacts(runs=[run], kinds=[ArtifactKind.IMAGE])
        last = {each.name: each for each in found}
        return [self._picture(each) for each in [*last.values()][:_MOST_PICTURES]]

    def _picture(self, image: Artifact) -> Picture:
        name = _clip(image.name, _CELL)
        room = min(_PICTURE_BYTES, _PICTURES_BYTES - self._pictures_bytes)
        if image.size_bytes > room:
            return Picture(name, image.step, "", f"an image of {size(image.size_bytes)}: too large")
        try:
            with self._service.files.open_content(image.key) as file:
                return self._embedded(name, image.step, file)
        except TrackboardError as error:
            return Picture(name, image.step, "", f"it cannot be read: {error.message}")

    def _embedded(self, name: str, step: int, file: BinaryIO) -> Picture:
        content = file.read(_PICTURE_BYTES + 1)
        kind = next((kind for begin, kind in _IMAGES.items() if content.startswith(begin)), "")
        if not kind or len(content) > _PICTURE_BYTES:
            return Picture(name, step, "", "an image that is not shown here")
        self._pictures_bytes += len(content)
        return Picture(name, step, f"data:{kind};base64,{base64.b64encode(content).decode()}")


def _names(tables: Iterable[Iterable[str]]) -> list[str]:
    return [*dict.fromkeys(name for table in tables for name in table)]


def _cell(kind: str, facts: RunFacts, name: str) -> Cell:
    if kind == "parameter":
        return Cell(_word(facts.parameters.get(name)))
    if kind == "tag":
        return Cell(_word(facts.tags.get(name, ""))) if name in facts.tags else Cell("")
    series = facts.metrics.get(name)
    if series is None:
        return Cell("")
    is_range = series.kind is not ValueKind.TEXT and series.count > 1
    between = f"{series.min_value:.6g} … {series.max_value:.6g}" if is_range else ""
    return Cell(_word(series.last_value), between)


def _numbers(series: Series) -> tuple[str, str, str, str, str]:
    last = _word(series.last_value)
    if series.kind is ValueKind.TEXT:
        return last, "", "", f"{series.last_step:,}", f"{series.count:,}"
    least, most = f"{series.min_value:.6g}", f"{series.max_value:.6g}"
    return last, least, most, f"{series.last_step:,}", f"{series.count:,}"


def _note(
    drawn: Sequence[object], having: Sequence[object], buckets: Mapping[SeriesId, Buckets]
) -> str:
    notes = []
    if len(drawn) < len(having):
        notes.append(f"the first {len(drawn):,} of {count(len(having), 'run')} are drawn")
    if any((each.counts > 1).any() for each in buckets.values()):
        notes.append("many points are drawn as the least and the greatest of each stretch")
    return "; ".join(notes).capitalize()


def _list_facts(details: RunDetails) -> list[Pair]:
    job = (
        {}
        if details.job is None or details.job.command is None
        else {"command": details.job.command}
    )
    known = {"id": details.facts.run.id, **details.properties, **job}
    return [Pair(_clip(name, _CELL), _clip(text, _TEXT)) for name, text in known.items()]


def _word(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else _clip(str(value), _CELL)


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _moment(time_s: float | None) -> str:
    if time_s is None:
        return ""
    try:
        return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):  # no time of this world
        return ""
