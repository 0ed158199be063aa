"""Where an export goes, and in which format: said, or told by the name."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from trackboard.errors import Conflict, UsageError
from trackboard.transfer.disk_errors import check_writable


class ExportFormat(enum.Enum):
    """What is written."""

    TENSORBOARD = "tensorboard"  # a folder of event files
    CSV = "csv"
    PARQUET = "parquet"
    HTML = "html"  # a report, one file


class ExportTable(enum.Enum):
    """What is a row of a table."""

    POINTS = "points"
    RUNS = "runs"


_SUFFIXES = {
    ".csv": ExportFormat.CSV,
    ".parquet": ExportFormat.PARQUET,
    ".pq": ExportFormat.PARQUET,
    ".html": ExportFormat.HTML,
    ".htm": ExportFormat.HTML,
}
_TABLES = frozenset((ExportFormat.CSV, ExportFormat.PARQUET))
_Choice = TypeVar("_Choice", ExportFormat, ExportTable)


@dataclass(frozen=True)
class Destination:
    """Where an export goes.

    Attributes:
        path: The file, or the folder of event files.
        file_format: What is written.
        table: What is a row; None: it is no table.
    """

    path: Path
    file_format: ExportFormat
    table: ExportTable | None = None


def choose_destination(
    path: Path, file_format: str | None = None, table: str | None = None
) -> Destination:
    """Choose what is written to a place.

    Args:
        path: The file or folder.
        file_format: `tensorboard`, `csv`, `parquet` or `html`; None: as the name ends.
        table: `points` or `runs`; None: points.

    Raises:
        UsageError: There is no such format or table, or the name tells none.
    """
    if str(path) == "-":
        raise UsageError(
            "an export is a file or a folder, and - is none",
            hint="Name one; trackboard runs --csv prints a table of runs.",
        )
    chosen = _guess(path) if file_format is None else _parse(ExportFormat, "format", file_format)
    if chosen not in _TABLES:
        if table is not None:
            raise UsageError(
                f"{chosen.value} is no table of {table}", hint="csv and parquet are tables."
            )
        return Destination(path, chosen)
    return Destination(path, chosen, _parse(ExportTable, "table", table or "points"))


def check_destination(destination: Destination, home: Path, *, replace: bool) -> None:
    """Raise what keeps an export from being written.

    Args:
        destination: Where it goes.
        home: The folder of the workspace that is exported.
        replace: A file that is there may be replaced.

    Raises:
        UsageError: A folder is where a file should be or the other way round, its folder is missing, or it
            is in the workspace.
        Conflict: There is such a file already.
        Unavailable: The folder may not be written to.
    """
    path = destination.path.absolute()
    if home.resolve() in (path.resolve(), *path.resolve().parents):
        raise UsageError(
            f"{path} is inside of the workspace that is exported", hint="Name another place."
        )
    check_writable(path, "the export")
    if destination.file_format is ExportFormat.TENSORBOARD:
        return
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder, and {destination.file_format.value} is one file",
            hint=f"Name a file in it: {path / f'runs.{destination.file_format.value}'}",
        )
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="Make it first.")
    if os.path.lexists(path) and not replace:
        raise Conflict(
            f"{path} is there already", hint="Name another file, or replace it: --force."
        )


def _guess(path: Path) -> ExportFormat:
    found = _SUFFIXES.get(path.suffix.lower())
    if path.is_dir() or (found is None and not path.suffix):
        return ExportFormat.TENSORBOARD
    if found is None:
        raise UsageError(
            f"what {path} shall hold is not told by {path.suffix!r}",
            hint=f"Name {', '.join(_SUFFIXES)} or a folder, or say --format"
            f" {', '.join(each.value for each in ExportFormat)}.",
        )
    return found


def _parse(kind: type[_Choice], what: str, text: str) -> _Choice:
    try:
        return kind(text.lower())
    except ValueError:
        raise UsageError(
            f"there is no {what} {text!r}",
            hint=f"There is {', '.join(each.value for each in kind)}.",
        ) from None
