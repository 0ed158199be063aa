"""Files of MLflow's runs on a disk of this machine."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from trackboard.transfer.run_source import SourceFile

_PROXIED = "mlflow-artifacts"


def find_folder(uri: str, beside: Path, given: Path | None) -> Path | None:
    """Find the folder that a run's artifacts lie in; None where that is none of this machine.

    Args:
        uri: What MLflow says: a path, `file:...`, or the address of an object store or a server.
        beside: The folder that relative paths begin at, and where `mlartifacts`, the default of
            MLflow's server, is looked for.
        given: Where the server keeps artifacts, as a person says; None: nobody does.
    """
    parts = urlsplit(uri)
    if parts.scheme == _PROXIED:
        within = unquote(parts.path).lstrip("/")
        return (given or beside / "mlartifacts") / within
    if len(parts.scheme) == 1:  # a drive of Windows
        path = Path("/", *PureWindowsPath(uri).parts[1:])
    elif parts.scheme not in ("", "file"):
        return None
    else:
        path = Path(unquote(parts.path) if parts.scheme else uri)
    if not path.is_absolute():
        return beside / path
    return path if path.is_dir() else _find_moved(path, beside) or path


def _find_moved(path: Path, beside: Path) -> Path | None:
    """Find a folder whose store was moved, or copied to this machine, as a whole: by the end of its path."""
    ends = (
        path.parts[start:] for start in range(1, len(path.parts) - 1)
    )  # with the run's id in it
    return next((found for end in ends if (found := beside.joinpath(*end)).is_dir()), None)


def list_files(folder: Path) -> tuple[SourceFile, ...]:
    """List all files below a folder by path; none of a folder that is not there."""
    return tuple(sorted(_iter_files(folder), key=lambda file: file.path))


def _iter_files(folder: Path) -> Iterator[SourceFile]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            try:
                found = path.stat()
            except OSError:  # a link that leads nowhere
                continue
            within = path.relative_to(folder).as_posix()
            yield SourceFile(within, found.st_size, found.st_mtime, functools.partial(_open, path))


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def explain_missing(uri: str, files: Sequence[SourceFile], folder: Path | None) -> list[str]:
    """Say why files of a run are not kept, in words; nothing where they are."""
    if folder is None:
        scheme = urlsplit(uri).scheme
        return [f"artifacts in {scheme}: import from a tracking server, which passes them on"]
    if not files and not folder.exists() and urlsplit(uri).scheme == _PROXIED:
        return [
            "artifacts of a server are not beside the database: name their folder with --artifacts"
        ]
    return []
