"""Opens the files of a run, wherever they are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from trackboard.errors import NotFound
from trackboard.history.nearest import nearest_of
from trackboard.layout.reading import open_regular
from trackboard.layout.safe_paths import place_inside
from trackboard.model import RunId
from trackboard.ports import Blobs, RunStore


def open_file(
    store: RunStore, blobs: Blobs, run_folder: Callable[[RunId], Path], run: RunId, path: str
) -> BinaryIO:
    """Open a file of a run for reading; the caller closes it.

    Args:
        store: Knows the run's files.
        blobs: Holds the complete ones.
        run_folder: Where the plain, growing ones are.
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
            return open(open_regular(place_inside(run_folder(run), path), "file"), "rb")
    except NotFound:
        files.pop(path)
    raise NotFound(
        f"run {run} has no file {path!r}",
        hint=nearest_of(path, files, "It has no files.", whose="It has"),
    )
