"""What is in the files that were logged as values: looked at once, as a blob never changes."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import BinaryIO

from trackboard.board.dashboards import documents
from trackboard.board.dashboards.documents import Document, Misfit
from trackboard.errors import TrackboardError
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact, Blobs

PASSED_ON = ("PNG", "JPEG", "GIF", "BMP")  # what TensorBoard hands to a browser as it is
_REMEMBERED = 16_384
_REMEMBERED_BYTES = 64 * 1024 * 1024
_SMALL_BYTES = 500  # an entry without a document
_GROWTH = 4  # a digit and a comma become a float64


@dataclass(frozen=True)
class Picture:
    """An image file that a page can show."""

    width: int
    height: int


@dataclass(frozen=True)
class Sound:
    """A sound that a page can play."""


@dataclass(frozen=True)
class Problem:
    """Why a file is not shown where it belongs."""

    why: str


Found = Picture | Sound | Document | Problem


class Contents:
    """Looks into the files of a workspace. Safe from several threads.

    Args:
        blobs: Where they are.
        remembered: Of how many it keeps what it found.
        remembered_bytes: How much memory that may take.
    """

    def __init__(
        self,
        blobs: Blobs,
        *,
        remembered: int = _REMEMBERED,
        remembered_bytes: int = _REMEMBERED_BYTES,
    ) -> None:
        self._blobs = blobs
        self._remembered = remembered
        self._remembered_bytes = remembered_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[ArtifactKind, str], tuple[Found, int]] = OrderedDict()
        self._kept_bytes = 0

    def inspect(self, artifact: Artifact) -> Found:
        """What a file holds, or why that cannot be said; never an exception."""
        return self.inspect_blob(artifact.kind, artifact.key)

    def inspect_blob(self, kind: ArtifactKind, key: str) -> Found:
        """What the blob under a key holds, taken for a file of that kind."""
        with self._lock:
            kept = self._kept.get((kind, key))
            if kept is not None:
                self._kept.move_to_end((kind, key))
                return kept[0]
        try:
            found, size_bytes = self._examine(kind, key)
        except TrackboardError as error:  # not remembered: it may be there the next time
            return Problem(f"it cannot be read: {error.message}")
        self._keep((kind, key), found, size_bytes)
        return found

    def _keep(self, which: tuple[ArtifactKind, str], found: Found, size_bytes: int) -> None:
        with self._lock:
            if which not in self._kept:
                self._kept[which] = found, size_bytes
                self._kept_bytes += size_bytes
            while self._kept_bytes > self._remembered_bytes or len(self._kept) > self._remembered:
                _, (_, dropped_bytes) = self._kept.popitem(last=False)
                self._kept_bytes -= dropped_bytes

    def read(self, key: str) -> bytes:
        """A whole file.

        Raises:
            NotFound: There is no such blob.
        """
        with self._blobs.open(key) as stream:
            return stream.read()

    def _examine(self, kind: ArtifactKind, key: str) -> tuple[Found, int]:
        """Look into a blob; also says about how much memory it takes to remember what was found."""
        with self._blobs.open(key) as stream:
            if kind is ArtifactKind.IMAGE:
                return _measure(stream), _SMALL_BYTES
            if kind is ArtifactKind.AUDIO:
                return _hear(stream), _SMALL_BYTES
            content = stream.read(documents.SIZE_BYTES + 1)
        if len(content) > documents.SIZE_BYTES:
            return Problem(f"it has more than {documents.SIZE_BYTES >> 20} MiB"), _SMALL_BYTES
        try:
            return documents.parse(kind, content), _SMALL_BYTES + _GROWTH * len(content)
        except Misfit as error:
            return Problem(str(error)), _SMALL_BYTES


def _hear(stream: BinaryIO) -> Found:
    """Read the head of a WAV file; only a browser decodes the rest."""
    head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return Problem("it is no WAV file")
    return Sound()


def _measure(stream: BinaryIO) -> Found:
    """Read the head of an image file, and enough of the rest to know that there is some."""
    from PIL import Image  # takes 10 ms: not before there is an image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", Image.DecompressionBombWarning
            )  # only a browser decodes
            with Image.open(stream, formats=PASSED_ON) as image:
                width, height = image.size
    except Image.DecompressionBombError as error:
        return Problem(str(error))
    except (OSError, ValueError, SyntaxError, EOFError):  # all of them are Pillow's for a bad file
        return Problem(f"it is no image that TensorBoard shows ({', '.join(PASSED_ON)})")
    return Picture(width, height)
