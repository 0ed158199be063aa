"""Runs of a TensorBoard log folder: each folder with event files is one, called by its path.

Its id follows from that path and what its oldest event file is called, so that a folder that was moved or
has grown since is known again. Several writers and restarts in one folder are one run, as in TensorBoard.
"""

from __future__ import annotations

import functools
import hashlib
import io
import math
import os
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from trackboard.board.eventfiles.discovery import iter_event_files, iter_files
from trackboard.errors import NotFound
from trackboard.model import ArtifactKind, RunId
from trackboard.model.tensorboard_files import PLUGINS, PROJECTOR, is_event_file, is_marked
from trackboard.transfer.names import experiment_name
from trackboard.transfer.run_source import (
    LeftOut,
    LoggedAs,
    RunContent,
    RunDescription,
    RunHead,
    SourceFile,
)
from trackboard.transfer.sources.event_values import EventValues, LoggedFile

_IN_MEMORY_BYTES = 32 << 20
_NATIVE = "logs"  # where a run's own event files are: TensorBoard shows them under its name
_SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif", b"RIFF": ".webp"}


class EventFolder:
    """`RunSource` of a log folder of TensorBoard.

    Args:
        folder: The folder.
        experiment: What the experiment of its runs is called; empty: as the folder.
    """

    kind = "TensorBoard"

    def __init__(self, folder: Path, experiment: str = "") -> None:
        self._folder = folder
        self.location = str(folder)
        self._experiment = experiment or experiment_name(folder.resolve().name or "logs")
        self._names: dict[RunId, str] = {}
        self._files: dict[str, list[tuple[Path, int]]] = {}

    def list_runs(self) -> Sequence[RunHead]:
        """The runs, by the age of their oldest event files."""
        found: dict[str, list[tuple[Path, int]]] = defaultdict(list)
        for file in iter_event_files(self._folder, follow_links=True):
            path = self._folder / file.folder / file.name
            found[file.folder].append((path, path.stat().st_size))
        if not found:
            raise NotFound(
                f"there is no event file of TensorBoard in or below {self._folder}",
                hint="Name the folder that you show TensorBoard: trackboard import LOGDIR.",
            )
        self._files = {
            name: sorted(files, key=lambda each: each[0].name) for name, files in found.items()
        }
        heads = []
        for name in sorted(self._files, key=lambda each: (self._files[each][0][0].name, each)):
            head = self._head(name)
            self._names[head.id] = name
            heads.append(head)
        return heads

    def read(self, head: RunHead) -> RunContent:
        """All that one of the runs holds."""
        name, values = self._names[head.id], EventValues()
        files = []
        for path, _ in self._files[name]:
            native = _spool(values.read(path))
            if native is not None:
                files.append(_native_file(path, native))
        begin_s = values.first_s if math.isfinite(values.first_s) else 0.0
        end_s = values.last_s if math.isfinite(values.last_s) else begin_s
        logged = sorted(values.files, key=lambda each: each.time_s)
        return RunContent(
            RunDescription(
                experiment=self._experiment,
                name=name or self._folder.resolve().name,
                created_s=begin_s,
                started_s=begin_s,
                ended_s=end_s,
                state=values.state,
                properties={"tensorboard.log_folder": str(self._folder.absolute() / name)},
                parameters=values.parameters,
            ),
            points=values.list_points(head.id),
            texts=values.list_texts(head.id),
            files=[*_name_files(logged), *files, *self._iter_beside(name)],
            left_out=values.left_out,
        )

    def list_left_out(self) -> Iterable[LeftOut]:
        """Nothing: what is no value of ours stays in event files."""
        return ()

    def close(self) -> None:
        """Nothing is open."""

    def _head(self, name: str) -> RunHead:
        path = self._files[name][0][0]
        known = hashlib.sha256(f"{name}\0{path.name}\0".encode("utf-8", "replace"))
        sizes = repr([(path.name, size) for path, size in self._files[name]]).encode()
        return RunHead(
            RunId(f"tensorboard-{known.hexdigest()[:32]}"),
            name or str(self._folder),
            zlib.crc32(sizes),
        )

    def _iter_beside(self, name: str) -> Iterator[SourceFile]:
        """What plugins of TensorBoard look for beside the event files."""
        root = self._folder / name
        for folder, entry in iter_files(root):
            path = f"{folder}/{entry.name}" if folder else entry.name
            is_here = not folder and (is_marked(entry.name) or entry.name == PROJECTOR)
            is_of_plugin = path.startswith(f"{PLUGINS}/")
            if (is_here or is_of_plugin) and not is_event_file(entry.name):
                found = entry.stat()
                yield SourceFile(
                    f"{_NATIVE}/{path}",
                    found.st_size,
                    found.st_mtime,
                    functools.partial(_open, Path(entry.path)),
                )


def _name_files(logged: Iterable[LoggedFile]) -> Iterator[SourceFile]:
    """Images and sounds as files of the run; those of one name and step are told apart by a number."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for each in logged:
        number = counts[each.name, each.step]
        counts[each.name, each.step] += 1
        folder = "audio" if each.kind is ArtifactKind.AUDIO else "images"
        stem = f"{folder}/{_as_path(each.name)}/{each.step}" + (f"-{number}" if number else "")
        yield SourceFile(
            stem + _suffix(each),
            len(each.data),
            each.time_s,
            functools.partial(io.BytesIO, each.data),
            LoggedAs(each.name, each.kind, each.step),
        )


def _as_path(name: str) -> str:
    """A metric's name as folders: without what leads out of them, or names none."""
    parts = [part for part in name.replace("\0", "").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "image"


def _suffix(logged: LoggedFile) -> str:
    if logged.kind is ArtifactKind.AUDIO:
        return ".wav"
    return next((suffix for mark, suffix in _SUFFIXES.items() if logged.data.startswith(mark)), "")


def _spool(records: Sequence[bytes]) -> BinaryIO | None:
    """Records as a file, which moves from the memory to the disk when it is large."""
    if not records:
        return None
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - whoever keeps it closes it
    for record in records:
        file.write(record)
    return cast("BinaryIO", file)


def _native_file(path: Path, content: BinaryIO) -> SourceFile:
    size_bytes = content.tell()

    def reopen() -> BinaryIO:
        content.seek(0, os.SEEK_SET)
        return content

    return SourceFile(f"{_NATIVE}/{path.name}", size_bytes, path.stat().st_mtime, reopen)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
