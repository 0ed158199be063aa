"""Files as one zip, made while it is sent: none of it is whole in memory or on the disk."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import NotFound

if TYPE_CHECKING:
    from trackboard.ports import RunFile

_PIECE_BYTES = 256 * 1024
_QUICK = 1  # of nine levels: who downloads waits for it
_FIRST_YEAR = 1980  # that a zip can say
_LARGE_BYTES = 2_000_000_000  # a size of four bytes, and what cannot be pressed needs some more
_ODD = re.compile(r"[\\\x00-\x1f\x7f]|^[A-Za-z]:(?=/|$)")  # what leads elsewhere on some system
_LEFT_OUT = "LEFT-OUT.txt"


class _Sink:
    """Holds what the zip wrote until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def zip_files(
    files: Iterable[RunFile], inside: str, open_file: Callable[[RunFile], BinaryIO]
) -> Iterator[bytes]:
    """Make a zip of files, piece by piece. A file is taken as long as it is when its turn comes.

    Args:
        files: The files.
        inside: The folder, which their names in the zip leave out.
        open_file: Opens one of them for reading.

    Yields:
        Bytes of the zip.
    """
    sink, names, gone = _Sink(), _Names(), []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as made:  # type: ignore[call-overload]
        for file in files:
            try:
                source = open_file(file)
            except NotFound:
                gone.append(file.path)
                continue
            with source:
                yield from _add(
                    made, names.give(file.path[len(inside) :]), file.time_s, source, sink
                )
        if gone:
            said = "These files were removed while the zip was made:\n" + "\n".join(gone)
            made.writestr(names.give(_LEFT_OUT), said.encode("utf-8", "replace"))
    yield sink.take()


def _add(
    made: zipfile.ZipFile, name: str, time_s: float, source: BinaryIO, sink: _Sink
) -> Iterator[bytes]:
    left = source.seek(0, 2)  # without what is appended from now on: it might never end
    source.seek(0)
    moment = time.localtime(time_s)[:6]
    entry = zipfile.ZipInfo(
        name, moment if moment[0] >= _FIRST_YEAR else (_FIRST_YEAR, 1, 1, 0, 0, 0)
    )
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = _QUICK  # type: ignore[attr-defined]
    entry.external_attr = 0o644 << 16
    with made.open(entry, "w", force_zip64=left > _LARGE_BYTES) as target:
        while left > 0 and (piece := source.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            target.write(piece)
            if taken := sink.take():
                yield taken


class _Names:
    """Gives each file a name in the zip, of which none leads out of the folder that it is unpacked in."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, path: str) -> str:
        name = entry_name(path)
        before, dot, ending = name.rpartition(".")
        number, free = 1, name
        while free in self._given:
            number += 1
            free = (
                f"{before} ({number}).{ending}"
                if dot and "/" not in ending
                else f"{name} ({number})"
            )
        self._given.add(free)
        return free


def entry_name(path: str) -> str:
    """The name of a file in a zip: relative, and without a part that leads up."""
    parts: Sequence[str] = [part for part in path.split("/") if part not in ("", ".")]
    name = "/".join("__" if part == ".." else part for part in parts)
    return _ODD.sub("_", name).encode("utf-8", "replace").decode() or "_"
