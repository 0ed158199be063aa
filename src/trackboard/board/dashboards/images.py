"""The Images dashboard: images as they were logged, and documents as drawn pictures.

TensorBoard takes an image as three blobs: its width and its height as text, then the file.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from tensorboard.plugins.image import metadata

from trackboard.board.dashboards.contents import Contents, Picture, Problem
from trackboard.board.dashboards.documents import ConfusionMatrix, Predictions, Residuals
from trackboard.eventfile import encode
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact

IMAGES = metadata.PLUGIN_NAME
_DRAWN_KEPT = 64


class Images:
    """What can be shown as an image; see `blob_sequences.BlobDashboard`."""

    plugin = IMAGES
    kinds: Sequence[ArtifactKind] = (
        ArtifactKind.IMAGE,
        ArtifactKind.CONFUSION_MATRIX,
        ArtifactKind.PREDICTIONS,
        ArtifactKind.RESIDUALS,
    )
    parts: Sequence[str] = ("width", "height", "file")
    metadata = b""  # version 0

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._draw = functools.lru_cache(_DRAWN_KEPT)(self._draw_blob)

    def read_part(self, part: str, kind: ArtifactKind, key: str) -> bytes:
        """Read the width, the height or the file."""
        if part == "file" and kind is not ArtifactKind.IMAGE:
            return self._draw(kind, key)
        found = self._contents.inspect_blob(kind, key)
        if isinstance(found, Problem):
            raise ValueError(found.why)
        if part == "file":
            return self._contents.read(key)
        if not isinstance(found, Picture):
            found = _measure(self._draw(kind, key))
        return str(found.width if part == "width" else found.height).encode("ascii")

    def encode(self, tag: str, artifact: Artifact) -> bytes | None:
        """Encode an image, or a document that is drawn, for an event file."""
        found = self._contents.inspect(artifact)
        if isinstance(found, Picture):
            content = self._contents.read(artifact.key)
        elif isinstance(found, (ConfusionMatrix, Predictions, Residuals)):
            content = _draw(found)
            found = _measure(content)
        else:
            return None
        parts = (str(found.width).encode(), str(found.height).encode(), content)
        return encode.blobs(tag, artifact.step, artifact.time_s, parts, IMAGES)

    def _draw_blob(self, kind: ArtifactKind, key: str) -> bytes:
        found = self._contents.inspect_blob(kind, key)
        if not isinstance(found, (ConfusionMatrix, Predictions, Residuals)):
            raise ValueError(found.why if isinstance(found, Problem) else f"no picture of {kind}")
        return _draw(found)


def _draw(document: ConfusionMatrix | Predictions | Residuals) -> bytes:
    from trackboard.board.dashboards import (
        drawing,  # Pillow takes 15 ms, and few pages show such pictures
    )

    return drawing.draw(document)


def _measure(png: bytes) -> Picture:
    """The size of a drawn picture, which every PNG begins with."""
    return Picture(int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
