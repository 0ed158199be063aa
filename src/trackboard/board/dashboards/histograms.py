"""The Histograms dashboard, and Distributions, which reads the same: an array of buckets for each step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tensorboard.data import provider as tb
from tensorboard.plugins.histogram import metadata

from trackboard.board.dashboards.artifacts import ArtifactLookup, ArtifactSeries, sample_evenly
from trackboard.board.dashboards.contents import Contents
from trackboard.board.dashboards.documents import Histogram, Numbers
from trackboard.board.series.sampling import Sampling
from trackboard.board.series.scalars import matches
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact

HISTOGRAMS = metadata.PLUGIN_NAME
_KIND = ArtifactKind.HISTOGRAM


class Histograms:
    """The histograms of a workspace; TensorBoard asks for 51 of each name, whatever its options."""

    def __init__(
        self, artifact_lookup: ArtifactLookup, contents: Contents, sampling: Sampling
    ) -> None:
        self._artifact_lookup = artifact_lookup
        self._contents = contents
        self._sampling = sampling

    def exist(self, experiment_id: str) -> bool:
        """Whether there is anything to show."""
        return any(True for _ in self._find(experiment_id, None))

    def list_series(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> dict[str, dict[str, tb.TensorTimeSeries]]:
        """List histograms by run and tag."""
        found: dict[str, dict[str, tb.TensorTimeSeries]] = {}
        for logged in self._find(experiment_id, run_tag_filter):
            artifacts = logged.of(_KIND)
            found.setdefault(logged.run, {})[logged.name] = tb.TensorTimeSeries(
                max_step=artifacts[-1].step,
                max_wall_time=max(artifact.time_s for artifact in artifacts),
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
    ) -> dict[str, dict[str, list[tb.TensorDatum]]]:
        """Read histograms, at most `downsample` steps of each name."""
        found: dict[str, dict[str, list[tb.TensorDatum]]] = {}
        limit = self._sampling.limit(HISTOGRAMS)
        at_most = limit if downsample is None else min(downsample, limit)
        for logged in self._find(experiment_id, run_tag_filter):
            shown = self._shown(logged.of(_KIND), at_most)
            if shown:
                found.setdefault(logged.run, {})[logged.name] = [
                    tb.TensorDatum(artifact.step, artifact.time_s, tensor(histogram))
                    for artifact, histogram in shown
                ]
        return found

    def _find(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> Iterator[ArtifactSeries]:
        for logged in self._artifact_lookup.find(experiment_id, run_tag_filter):
            newest_first = reversed(logged.of(_KIND))
            if matches(logged.run, logged.name, run_tag_filter) and any(
                self._shown([each], 1) for each in newest_first
            ):
                yield logged

    def _shown(self, artifacts: list[Artifact], at_most: int) -> list[tuple[Artifact, Histogram]]:
        """Some of the files of one name, as far as they are histograms."""
        read = ((each, self._contents.inspect(each)) for each in sample_evenly(artifacts, at_most))
        return [(artifact, found) for artifact, found in read if isinstance(found, Histogram)]


def tensor(histogram: Histogram) -> Numbers:
    """A histogram as TensorBoard wants it: left edge, right edge and count of each bucket."""
    return np.stack([histogram.edges[:-1], histogram.edges[1:], histogram.counts], axis=1)
