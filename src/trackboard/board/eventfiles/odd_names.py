"""Images, sounds and graphs whose run or tag has a name that TensorBoard's fast reader cannot give back.

Its keys of blobs are JSON, and it reads only such as need no escapes: a name with `"`, a backslash or a
control character (Windows paths as tags, settings in folder names) has keys that it refuses. Of the runs
concerned, and of these only, its reader in Python reads the same files; its keys are marked, so that they
find back to it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.data import provider as tb
from tensorboard.errors import NotFoundError

from trackboard.board.eventfiles.reader import Reader
from trackboard.board.private_folder import PrivateFolder

_MARK = "odd."  # keys may hold letters, digits and `._~-`
_PATIENCE_S = 3.0
_POLL_S = 0.02


def owns(blob_key: str) -> bool:
    """Whether a key is of a blob that is read here."""
    return blob_key.startswith(_MARK)


class OddBlobs:
    """Reads them. Nothing is started before the first question."""

    def __init__(self, start_reader: Callable[[Path], Reader]) -> None:
        self._start_reader = start_reader
        self._lock = threading.Lock()
        self._links: PrivateFolder | None = None
        self._numbers: dict[str, str] = {}
        self._reader: Reader | None = None

    def read_sequences(
        self, root: Path, wanted: Mapping[str, Collection[str]], **question: Any
    ) -> dict[str, dict[str, list[tb.BlobSequenceDatum]]]:
        """Say where the blobs of some series are.

        Args:
            root: The folder that the fast reader reads.
            wanted: Tags by run, as the fast reader calls them.
            **question: What else TensorBoard's `read_blob_sequences` takes, without a filter.
        """
        reader = self._follow(root, wanted)
        numbers = {run: self._numbers[run] for run in wanted}
        which = tb.RunTagFilter(
            runs=numbers.values(), tags={tag for tags in wanted.values() for tag in tags}
        )
        deadline_s = time.monotonic() + _PATIENCE_S
        while True:
            found = reader.provider.read_blob_sequences(
                RequestContext(), experiment_id="", run_tag_filter=which, **question
            )
            series = {
                run: {
                    tag: data for tag, data in found.get(number, {}).items() if tag in wanted[run]
                }
                for run, number in numbers.items()
            }
            is_complete = all(len(series[run]) == len(wanted[run]) for run in wanted)
            if is_complete or time.monotonic() > deadline_s:
                break
            time.sleep(_POLL_S)  # it was told of these files just now
        return {
            run: {tag: [mark(datum, _MARK) for datum in data] for tag, data in tags.items()}
            for run, tags in series.items()
        }

    def read(self, blob_key: str) -> bytes:
        """Read one blob.

        Raises:
            tensorboard.errors.NotFoundError: There is none of that key.
        """
        with self._lock:
            reader = self._reader
        if reader is None:
            raise NotFoundError(f"blob {blob_key!r}: nobody asked for it")
        key = blob_key.removeprefix(_MARK)
        blob: bytes = reader.provider.read_blob(RequestContext(), blob_key=key)
        return blob

    def close(self) -> None:
        """Stop reading. May be repeated."""
        with self._lock:
            if self._reader:
                self._reader.close()
                self._reader = None
            if self._links:
                self._links.close()
                self._links = None

    def _follow(self, root: Path, runs: Collection[str]) -> Reader:
        """Link the event files of some runs, and start the reader if need be."""
        with self._lock:
            if self._links is None:
                self._links = PrivateFolder()
            links = self._links.path
            for run in runs:
                number = self._numbers.setdefault(run, str(len(self._numbers)))
                _link_files(root / run, links / number)
            if self._reader is None:
                self._reader = self._start_reader(links)
            return self._reader


def _link_files(folder: Path, links: Path) -> None:
    """Make links to the event files of a folder, and to no others."""
    links.mkdir(exist_ok=True)
    try:
        files = {file.name: file.resolve() for file in folder.iterdir() if "tfevents" in file.name}
    except OSError:  # it went away meanwhile
        files = {}
    for link in links.iterdir():
        if files.get(link.name) == link.readlink():
            del files[link.name]
        else:
            link.unlink()
    for name, target in files.items():
        (links / name).symlink_to(target)


def mark(datum: tb.BlobSequenceDatum, mark: str) -> tb.BlobSequenceDatum:
    """Put a mark in front of the keys, by which they find back to their reader."""
    values = tuple(tb.BlobReference(mark + each.blob_key, each.url) for each in datum.values)
    return tb.BlobSequenceDatum(datum.step, datum.wall_time, values)
