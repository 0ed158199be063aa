"""The Images dashboard: images as they were logged, and documents as drawn pictures.

TensorBoard takes an image as a sequence of blobs: its width and its height as text, then the file. The
keys of blobs may hold letters, digits and `._~-` only, and say all that is needed to make the blob:

    trackboard.<width, height or file>.<kind>.<key in the blobs, its colon as ~>
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from tensorboard.data import provider as tb
from tensorboard.errors import NotFoundError
from tensorboard.plugins.image import metadata

from trackboard.board.dashboards.artifacts import ArtifactLookup, ArtifactSeries, sample_evenly
from trackboard.board.dashboards.contents import Contents, Picture, Problem
from trackboard.board.dashboards.documents import ConfusionMatrix, Predictions, Residuals
from trackboard.board.series.sampling import Sampling
from trackboard.board.series.scalars import matches
from trackboard.errors import NotFound
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact

IMAGES = metadata.PLUGIN_NAME
SHOWN_KINDS = (
    ArtifactKind.IMAGE,
    ArtifactKind.CONFUSION_MATRIX,
    ArtifactKind.PREDICTIONS,
    ArtifactKind.RESIDUALS,
)
_PREFIX = "trackboard"
_PARTS = ("width", "height", "file")
_DRAWN_KEPT = 64

ImageSeries = dict[str, dict[str, tb.BlobSequenceTimeSeries]]
ImageData = dict[str, dict[str, list[tb.BlobSequenceDatum]]]


class Pictures:
    """The images of a workspace."""

    def __init__(
        self, artifact_lookup: ArtifactLookup, contents: Contents, sampling: Sampling
    ) -> None:
        self._artifact_lookup = artifact_lookup
        self._contents = contents
        self._sampling = sampling
        self._draw = functools.lru_cache(_DRAWN_KEPT)(self._draw_blob)

    def exist(self, experiment_id: str) -> bool:
        """Whether there is anything to show."""
        return any(self._find(experiment_id, None, self._sampling.limit(IMAGES)))

    def list_series(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> ImageSeries:
        """List images by run and tag."""
        found: ImageSeries = {}
        at_most = self._sampling.limit(IMAGES)
        for logged, shown in self._find(experiment_id, run_tag_filter, at_most):
            found.setdefault(logged.run, {})[logged.name] = tb.BlobSequenceTimeSeries(
                max_step=shown[-1].step,
                max_wall_time=max(artifact.time_s for artifact in shown),
                max_length=len(_PARTS),
                plugin_content=b"",  # version 0
                description="",
                display_name=logged.name,
            )
        return found

    def read_series(
        self,
        experiment_id: str,
        run_tag_filter: tb.RunTagFilter | None,
        downsample: int | None,
    ) -> ImageData:
        """Say where the images are, at most `downsample` of each name."""
        at_most = self._sampling.limit(IMAGES) if downsample is None else downsample
        found: ImageData = {}
        for logged, shown in self._find(experiment_id, run_tag_filter, at_most):
            count = len(logged.of(*SHOWN_KINDS))
            self._sampling.note(IMAGES, logged.name, min(at_most, count), count)
            found.setdefault(logged.run, {})[logged.name] = [
                tb.BlobSequenceDatum(artifact.step, artifact.time_s, _references(artifact))
                for artifact in shown
            ]
        return found

    def read(self, blob_key: str) -> bytes:
        """Read one blob of an image.

        Raises:
            tensorboard.errors.NotFoundError: The key is none of ours, or its blob is gone.
        """
        try:
            prefix, part, kind_name, stored_key = blob_key.split(".")
            kind, key = ArtifactKind(kind_name), stored_key.replace("~", ":", 1)
            if prefix == _PREFIX and part in _PARTS and kind in SHOWN_KINDS:
                return self._read_part(part, kind, key)
        except (NotFound, ValueError) as error:
            raise NotFoundError(f"image {blob_key!r}: {error}") from error
        raise NotFoundError(f"image {blob_key!r} is not in the history")

    def _read_part(self, part: str, kind: ArtifactKind, key: str) -> bytes:
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

    def _draw_blob(self, kind: ArtifactKind, key: str) -> bytes:
        found = self._contents.inspect_blob(kind, key)
        if not isinstance(found, (ConfusionMatrix, Predictions, Residuals)):
            raise ValueError(found.why if isinstance(found, Problem) else f"no picture of {kind}")
        return _draw(found)

    def _find(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None, at_most: int
    ) -> Iterator[tuple[ArtifactSeries, list[Artifact]]]:
        """Files that can be shown, of each name a sample."""
        for logged in self._artifact_lookup.find(experiment_id, run_tag_filter):
            if not matches(logged.run, logged.name, run_tag_filter):
                continue
            sample = sample_evenly(logged.of(*SHOWN_KINDS), at_most)
            shown = [
                each for each in sample if not isinstance(self._contents.inspect(each), Problem)
            ]
            if shown:
                yield logged, shown


def make(contents: Contents, artifact: Artifact) -> tuple[Picture, bytes] | None:
    """The picture of a file and its size; None where there is none to show."""
    found = contents.inspect(artifact)
    if isinstance(found, Picture):
        return found, contents.read(artifact.key)
    if isinstance(found, (ConfusionMatrix, Predictions, Residuals)):
        png = _draw(found)
        return _measure(png), png
    return None


def owns(blob_key: str) -> bool:
    """Whether a key is one of ours, and not the native reader's."""
    return blob_key.startswith(f"{_PREFIX}.")


def _references(artifact: Artifact) -> tuple[tb.BlobReference, ...]:
    which = f"{artifact.kind.value}.{artifact.key.replace(':', '~', 1)}"
    return tuple(tb.BlobReference(f"{_PREFIX}.{part}.{which}") for part in _PARTS)


def _draw(document: ConfusionMatrix | Predictions | Residuals) -> bytes:
    from trackboard.board.dashboards import (
        drawing,  # Pillow takes 15 ms, and few pages show such pictures
    )

    return drawing.draw(document)


def _measure(png: bytes) -> Picture:
    """The size of a drawn picture, which every PNG begins with."""
    return Picture(int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
