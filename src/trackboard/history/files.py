"""Opens the files of a run, wherever they are kept."""

from __future__ import annotations

from typing import BinaryIO

from trackboard.errors import NotFound
from trackboard.history.nearest import nearest_of
from trackboard.model import RunId
from trackboard.ports import Blobs, RunFiles, RunStore


def open_file(store: RunStore, blobs: Blobs, growing: RunFiles, run: RunId, path: str) -> BinaryIO:
    """Open a file of a run for reading; the caller closes it.

    Args:
        store: Knows the run's files.
        blobs: Holds the complete ones.
        growing: Holds the plain ones, which may still grow.
        run: The run.
        path: As `RunStore.list_files` has it.

    Raises:
        NotFound: The run has no such file.
        UsageError: Its path leads out of the run's folder.
    """
    files = {file.path: file for file in store.list_files(run)}
    found = files.get(path)
    if found is not None and found.key:
        return blobs.open(found.key)
    try:
        if found is not None:
            return growing.open(run, path)
    except NotFound:
        files.pop(path)
    raise NotFound(
        f"run {run} has no file {path!r}",
        hint=nearest_of(path, files, "It has no files.", whose="It has"),
    )
