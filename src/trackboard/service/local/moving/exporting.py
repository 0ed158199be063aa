"""One export of runs: which ones, and each format's way to its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import NotFound
from trackboard.layout import replacing
from trackboard.model import Run, RunId
from trackboard.ports import RunQuery, Store
from trackboard.service.run_table import Cell, read_columns, to_arrow
from trackboard.transfer.disk_errors import explained
from trackboard.transfer.export import csv_file, parquet_file
from trackboard.transfer.export.answers import ExportReport
from trackboard.transfer.export.destination import Destination, ExportFormat, ExportTable
from trackboard.transfer.export.page.content import check_report
from trackboard.transfer.export.points import count_points, iter_pieces
from trackboard.workspace import Workspace

if TYPE_CHECKING:
    from trackboard.service.contract.service import Service
    from trackboard.transfer.report import Progress

_DURATION, _DURATION_S = "duration", "duration_s"


def select_runs(service: Service, runs: Sequence[RunId] | None, query: RunQuery) -> tuple[Run, ...]:
    """Select what is exported; see `Transfer.export`.

    Raises:
        NotFound: Nothing is.
    """
    if runs is None:
        found = service.runs.query(query, strict=True)
    elif query.top_level:
        found = service.runs.list(ids=runs)
    else:
        found = service.runs.list_below(runs)
    if runs is not None and query.where is not None:
        rest = replace(query, top_level=False, archived=True)
        matching = {run.id for run in service.runs.query(rest, strict=True)}
        found = tuple(run for run in found if run.id in matching)
    if not found:
        raise NotFound(
            "there are no such runs: nothing was exported", hint="trackboard runs lists them."
        )
    return found


class Exporting:
    """An export underway.

    Args:
        service: Answers for the workspace, from what is stored.
        workspace: The workspace.
        runs: What is exported, in order.
        destination: Where to, and in which format; checked.
        progress: Is told how many runs of how many are written, and how many points.
    """

    def __init__(
        self,
        service: Service,
        workspace: Workspace,
        runs: Sequence[Run],
        destination: Destination,
        progress: Progress | None,
    ) -> None:
        self._service, self._workspace = service, workspace
        self._runs, self._destination, self._progress = runs, destination, progress
        if destination.file_format is ExportFormat.PARQUET:
            parquet_file.load_parquet()
        if destination.file_format is ExportFormat.HTML:
            check_report(runs)

    def count(self) -> ExportReport:
        """Return what would be written."""
        points = count_points(self._store, self._runs) if self._has_points else 0
        return ExportReport(self._destination, is_dry_run=True, runs=len(self._runs), points=points)

    def write(self) -> ExportReport:
        """Write all of it, or nothing."""
        if self._destination.file_format is ExportFormat.TENSORBOARD:
            return self._write_event_files()
        write = self._write_points if self._has_points else self._write_runs
        if self._destination.file_format is ExportFormat.HTML:
            write = self._write_report
        path = self._destination.path.absolute()
        with explained(path, "the export"):
            points = _write_whole(path, write)
            size_bytes = path.stat().st_size
        return ExportReport(
            self._destination,
            is_dry_run=False,
            runs=len(self._runs),
            points=points,
            size_bytes=size_bytes,
        )

    @property
    def _store(self) -> Store:
        return self._workspace.store

    @property
    def _has_points(self) -> bool:
        return self._destination.table is not ExportTable.RUNS

    @cached_property
    def _is_parquet(self) -> bool:
        return self._destination.file_format is ExportFormat.PARQUET

    def _write_event_files(self) -> ExportReport:
        from trackboard.board.export.export import export_runs  # loads TensorBoard's formats

        done = export_runs(
            self._workspace.source,
            [run.id for run in self._runs],
            self._destination.path,
            recursive=False,
            report=lambda _: None,
            progress=self._progress,
        )
        notes = (*(f"{each.what}: {each.why}" for each in done.skipped), *done.notes)
        return ExportReport(
            self._destination,
            is_dry_run=False,
            runs=done.runs,
            points=done.points,
            files=done.files,
            notes=notes,
        )

    def _write_points(self, file: BinaryIO) -> int:
        pieces = iter_pieces(self._store, self._runs, self._progress)
        write = parquet_file.write_points if self._is_parquet else csv_file.write_points
        return write(file, pieces, self._service.runs.name(self._runs))

    def _write_runs(self, file: BinaryIO) -> int:
        columns = _in_seconds(read_columns(self._service, self._runs))
        if self._is_parquet:
            parquet_file.write_table(file, to_arrow(columns))
        else:
            csv_file.write_columns(file, columns)
        return 0

    def _write_report(self, file: BinaryIO) -> int:
        from trackboard.service.local.moving.reporting import Reporting  # few exports load these
        from trackboard.transfer.export.page.render import render_report

        report = Reporting(self._service, self._runs, self._progress).gather()
        file.write(render_report(report).encode("utf-8", "replace"))
        return count_points(self._store, self._runs)


def _write_whole(path: Path, write: Callable[[BinaryIO], int]) -> int:
    with replacing(path) as file:
        written = write(file)
        file.flush()
        os.fsync(file.fileno())  # a disk that others serve may say only now that it is full
    return written


def _in_seconds(columns: dict[str, list[Cell]]) -> dict[str, list[Cell]]:
    """The same columns with the duration as a number, which all programs read alike."""
    found: dict[str, list[Cell]] = {}
    for name, cells in columns.items():
        key = _DURATION_S if name == _DURATION else name
        found[key] = [
            cell.total_seconds() if isinstance(cell, timedelta) else cell for cell in cells
        ]
    return found
