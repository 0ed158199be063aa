"""The dashboards whose values are files: one table of them, for the live view and for exports.

TensorBoard takes such a value as a sequence of blobs. The keys of blobs may hold letters, digits and
`._~-` only, and say all that is needed to make the blob:

    trackboard.<part>.<kind>.<key in the blobs, its colon as ~>
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tensorboard.data import provider as tb
from tensorboard.errors import NotFoundError

from trackboard.board.dashboards.artifacts import ArtifactLookup, ArtifactSeries, sample_evenly
from trackboard.board.dashboards.audio import Audio
from trackboard.board.dashboards.contents import Contents, Problem
from trackboard.board.dashboards.images import Images
from trackboard.board.series.sampling import Sampling
from trackboard.board.series.scalars import matches
from trackboard.errors import NotFound
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact

_PREFIX = "trackboard"

BlobSeries = dict[str, dict[str, tb.BlobSequenceTimeSeries]]
BlobData = dict[str, dict[str, list[tb.BlobSequenceDatum]]]


class BlobDashboard(Protocol):
    """What is different from one dashboard of files to the next.

    Attributes:
        plugin: What TensorBoard calls it.
        kinds: What it shows; no other dashboard of the table does.
        parts: The blobs of one value, in TensorBoard's order.
        metadata: What TensorBoard wants to know of a tag.
    """

    plugin: str
    kinds: Sequence[ArtifactKind]
    parts: Sequence[str]
    metadata: bytes

    def read_part(self, part: str, kind: ArtifactKind, key: str) -> bytes:
        """Read one blob of a value.

        Raises:
            NotFound: The file is gone.
            ValueError: It is none that can be shown, in words.
        """
        ...

    def encode(self, tag: str, artifact: Artifact) -> bytes | None:
        """Encode a value for an event file; None where it cannot be read any more."""
        ...


DASHBOARDS: Sequence[Callable[[Contents], BlobDashboard]] = (Images, Audio)


def open_dashboards(contents: Contents) -> dict[str, BlobDashboard]:
    """Open every dashboard of the table, by plugin."""
    opened = (make(contents) for make in DASHBOARDS)
    return {dashboard.plugin: dashboard for dashboard in opened}


class BlobSequences:
    """The values of a workspace that are files, as TensorBoard asks for them."""

    def __init__(
        self, artifact_lookup: ArtifactLookup, contents: Contents, sampling: Sampling
    ) -> None:
        self._artifact_lookup = artifact_lookup
        self._contents = contents
        self._sampling = sampling
        self._dashboards = open_dashboards(contents)

    def exist(self, experiment_id: str) -> dict[str, bool]:
        """Say of each dashboard whether there is anything to show."""
        return {
            plugin: any(self._find(dashboard, experiment_id, None, self._sampling.limit(plugin)))
            for plugin, dashboard in self._dashboards.items()
        }

    def list_series(
        self, plugin: str, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> BlobSeries:
        """List the values of a dashboard by run and tag."""
        found: BlobSeries = {}
        dashboard = self._dashboards.get(plugin)
        if dashboard is None:
            return found
        at_most = self._sampling.limit(plugin)
        for logged, shown in self._find(dashboard, experiment_id, run_tag_filter, at_most):
            found.setdefault(logged.run, {})[logged.name] = tb.BlobSequenceTimeSeries(
                max_step=shown[-1].step,
                max_wall_time=max(artifact.time_s for artifact in shown),
                max_length=len(dashboard.parts),
                plugin_content=dashboard.metadata,
                description="",
                display_name=logged.name,
            )
        return found

    def read_series(
        self,
        plugin: str,
        experiment_id: str,
        run_tag_filter: tb.RunTagFilter | None,
        downsample: int | None,
    ) -> BlobData:
        """Say where the values of a dashboard are, at most `downsample` of each name."""
        found: BlobData = {}
        dashboard = self._dashboards.get(plugin)
        if dashboard is None:
            return found
        at_most = self._sampling.limit(plugin) if downsample is None else downsample
        for logged, shown in self._find(dashboard, experiment_id, run_tag_filter, at_most):
            count = len(logged.of(*dashboard.kinds))
            self._sampling.note(plugin, logged.name, min(at_most, count), count)
            found.setdefault(logged.run, {})[logged.name] = [
                tb.BlobSequenceDatum(
                    artifact.step, artifact.time_s, _references(dashboard.parts, artifact)
                )
                for artifact in shown
            ]
        return found

    def read(self, blob_key: str) -> bytes:
        """Read one blob of a value.

        Raises:
            tensorboard.errors.NotFoundError: The key is none of ours, or its blob is gone.
        """
        try:
            prefix, part, kind_name, stored_key = blob_key.split(".")
            kind, key = ArtifactKind(kind_name), stored_key.replace("~", ":", 1)
            for dashboard in self._dashboards.values():
                if prefix == _PREFIX and part in dashboard.parts and kind in dashboard.kinds:
                    return dashboard.read_part(part, kind, key)
        except (NotFound, ValueError) as error:
            raise NotFoundError(f"blob {blob_key!r}: {error}") from error
        raise NotFoundError(f"blob {blob_key!r} is not in the history")

    def _find(
        self,
        dashboard: BlobDashboard,
        experiment_id: str,
        run_tag_filter: tb.RunTagFilter | None,
        at_most: int,
    ) -> Iterator[tuple[ArtifactSeries, list[Artifact]]]:
        """Files that can be shown, of each name a sample."""
        for logged in self._artifact_lookup.find(experiment_id, run_tag_filter):
            if not matches(logged.run, logged.name, run_tag_filter):
                continue
            sample = sample_evenly(logged.of(*dashboard.kinds), at_most)
            shown = [
                each for each in sample if not isinstance(self._contents.inspect(each), Problem)
            ]
            if shown:
                yield logged, shown


def owns(blob_key: str) -> bool:
    """Whether a key is one of ours, and not the native reader's."""
    return blob_key.startswith(f"{_PREFIX}.")


def _references(parts: Sequence[str], artifact: Artifact) -> tuple[tb.BlobReference, ...]:
    which = f"{artifact.kind.value}.{artifact.key.replace(':', '~', 1)}"
    return tuple(tb.BlobReference(f"{_PREFIX}.{part}.{which}") for part in parts)
