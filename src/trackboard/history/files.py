"""Opens the files of a run, wherever they are kept."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from trackboard.errors import NotFound
from trackboard.layout.paths import place_inside
from trackboard.layout.reading import open_regular
from trackboard.model import RunId
from trackboard.ports import Blobs, Store

_MOST_NAMED = 10


def open_file(
    store: Store, blobs: Blobs, run_folder: Callable[[RunId], Path], run: RunId, path: str
) -> BinaryIO:
    """Open a file of a run for reading; the caller closes it.

    Args:
        store: Knows the run's files.
        blobs: Holds the complete ones.
        run_folder: Where the plain, growing ones are.
        run: The run.
        path: As `Store.list_files` has it.

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
    raise NotFound(f"run {run} has no file {path!r}", hint=_hint(path, list(files)))


def _hint(path: str, paths: list[str]) -> str:
    if not paths:
        return "It has no files."
    near = difflib.get_close_matches(path, paths, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    named = ", ".join(repr(each) for each in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return f"It has {named}{more}."
