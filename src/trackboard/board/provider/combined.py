"""One data provider for TensorBoard: the history and native event files, merged by run and tag."""

from __future__ import annotations

import functools
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorboard.data import provider as tb

from trackboard.board.dashboards.blob_sequences import owns
from trackboard.board.dashboards.hparams import HPARAMS, merge
from trackboard.board.dashboards.status.job_status import Statuses
from trackboard.board.dashboards.texts import TEXT
from trackboard.board.eventfiles.kinds_provider import KindsProvider
from trackboard.board.provider.history import SCALARS, HistoryProvider
from trackboard.board.series import declarations
from trackboard.board.series.point_budget import ANSWER_POINTS, points_per_series
from trackboard.board.series.sampling import Sampling
from trackboard.board.series.scalars import NamedSeries, matches
from trackboard.board.view.source import View

Tags = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class FoundScalars:
    """Scalar series of a board: those of the history, and (run, tag) of others in event files."""

    curves: Sequence[NamedSeries]
    native: Sequence[tuple[str, str]]

    @functools.cached_property
    def by_tag(self) -> Mapping[str, Sequence[NamedSeries]]:
        """The curves of the history by their tags."""
        found: dict[str, list[NamedSeries]] = defaultdict(list)
        for curve in self.curves:
            found[curve.tag].append(curve)
        return found

    def counts(self, at_most: int) -> list[int]:
        """Points of each series; of event files no more is known than what will be asked for."""
        return [curve.series.count for curve in self.curves] + [at_most] * len(self.native)


class BoardProvider(tb.DataProvider):  # type: ignore[misc]  # TensorBoard is not typed
    """Everything one board shows. Where both have a tag of a run, the history's is shown.

    `history` and `statuses` are None for a board over a plain folder of event files. What a run logged as
    `status` itself is shown instead of ours. `log_directory` is for TensorBoard's plugins that read files
    themselves: a folder in which everything is called as the runs are.
    """

    def __init__(
        self,
        history: HistoryProvider | None,
        native: KindsProvider,
        statuses: Statuses | None = None,
        sampling: Sampling | None = None,
        *,
        log_directory: Path = Path(os.devnull),
    ) -> None:
        self.history = history
        self.native = native
        self.statuses = statuses
        self.log_directory = log_directory
        self.sampling = sampling or Sampling()

    def __str__(self) -> str:
        return f"BoardProvider({self.history}, {self.native})"

    @property
    def workspace_folder(self) -> Path | None:
        """The folder of the workspace that is shown; None: it is another folder."""
        return self.history.workspace_folder if self.history else None

    def get_view(self, experiment_id: str) -> View:
        """Say which runs of the workspace an experiment id means.

        Raises:
            tensorboard.errors.NotFoundError: There is no such experiment, or none of the runs.
        """
        return self.history.get_view(experiment_id) if self.history else View()

    @property
    def unread_bytes(self) -> int:
        """What has been logged but is not stored yet, at the last question."""
        return self.history.unread_bytes if self.history else 0

    @property
    def left_out(self) -> Mapping[str, str]:
        """What is not shown of what was asked for until now, in words, by plugin."""
        return {**self.sampling.describe(), **self.native.left_out}

    def change_token(self) -> str:
        """A word that is another one when there is something new to show. Made for polling."""
        native = self.native.change_token()
        if self.history is None:
            return native
        return f"{self.history.change_token()}-{native}"

    def close(self) -> None:
        """End what was started for this board. May be repeated."""
        self.native.close()

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> tb.ExperimentMetadata:
        """Name the experiment and where its data is."""
        return (self.history or self.native).experiment_metadata(ctx, experiment_id=experiment_id)

    def list_plugins(self, ctx: Any = None, *, experiment_id: str) -> list[str]:
        """Name all plugins that either has data for."""
        names = [
            name
            for half in self._halves()
            for name in half.list_plugins(ctx, experiment_id=experiment_id)
        ]
        if self.statuses and self.statuses.exist(experiment_id):
            names.append(TEXT)
        return list(dict.fromkeys(names))

    def list_runs(self, ctx: Any = None, *, experiment_id: str) -> list[tb.Run]:
        """List the runs of both, each once."""
        runs: dict[str, tb.Run] = {}
        for half in self._halves():
            for run in half.list_runs(ctx, experiment_id=experiment_id):
                runs.setdefault(run.run_id, run)
        return list(runs.values())

    def list_scalars(self, ctx: Any = None, **which: Any) -> Tags:
        """List scalar series by run and tag."""
        return self._merge("list_scalars", ctx, which)

    def read_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """Read scalar series, of both together no more points than one answer may hold."""
        limit = downsample
        if plugin_name == SCALARS:
            found = self.find_scalars(ctx, experiment_id, run_tag_filter)
            at_most = ANSWER_POINTS if downsample is None else downsample
            counts = found.counts(at_most)
            limit = points_per_series(counts, at_most=at_most, budget=self.sampling.budget)
        which = {
            "experiment_id": experiment_id,
            "plugin_name": plugin_name,
            "downsample": limit,
            "run_tag_filter": run_tag_filter,
        }
        return self._merge("read_scalars", ctx, which)

    def find_scalars(
        self, ctx: Any, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> FoundScalars:
        """Find the scalar series that match a filter, each in one half only."""
        curves = self.history.list_series(experiment_id, run_tag_filter) if self.history else []
        native = self.native.list_scalars(
            ctx, experiment_id=experiment_id, plugin_name=SCALARS, run_tag_filter=run_tag_filter
        )
        own = {(curve.run, curve.tag) for curve in curves}
        others = [(run, tag) for run, tags in native.items() for tag in tags]
        return FoundScalars(curves, [pair for pair in others if pair not in own])

    def read_last_scalars(self, ctx: Any = None, **which: Any) -> Tags:
        """Read the last value of each scalar series."""
        return self._merge("read_last_scalars", ctx, which)

    def list_tensors(self, ctx: Any = None, **which: Any) -> Tags:
        """List tensors by run and tag; of parameters, what both say of a run is put together."""
        if which["plugin_name"] == HPARAMS:
            return self._list_hparams(ctx, **which)
        return self._merge("list_tensors", ctx, which)

    def read_tensors(self, ctx: Any = None, **which: Any) -> Tags:
        """Read tensors."""
        return self._merge("read_tensors", ctx, which)

    def list_blob_sequences(self, ctx: Any = None, **which: Any) -> Tags:
        """List images, audio and graphs by run and tag."""
        return self._merge("list_blob_sequences", ctx, which)

    def read_blob_sequences(self, ctx: Any = None, **which: Any) -> Tags:
        """Read what images, audio and graphs there are."""
        return self._merge("read_blob_sequences", ctx, which)

    def read_blob(self, ctx: Any = None, *, blob_key: str) -> bytes:
        """Read a part of an image, a sound or a graph."""
        if self.history and owns(blob_key):
            return self.history.read_blob(ctx, blob_key=blob_key)
        return self.native.read_blob(ctx, blob_key=blob_key)

    def list_hyperparameters(
        self, ctx: Any = None, *, experiment_ids: list[str], limit: int | None = None
    ) -> tb.ListHyperparametersResult:
        """List nothing: parameters come as tags, see `board.dashboards.hparams`."""
        return tb.ListHyperparametersResult(hyperparameters=[], session_groups=[])

    def read_hyperparameters(self, ctx: Any = None, **which: Any) -> list[Any]:
        """Read nothing: parameters come as tags, see `board.dashboards.hparams`."""
        return []

    def _list_hparams(
        self,
        ctx: Any,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        which = {"experiment_id": experiment_id, "plugin_name": plugin_name}
        found = self.native.list_tensors(ctx, **which)
        if self.history and not found:
            return self.history.list_tensors(ctx, **which, run_tag_filter=run_tag_filter)
        if self.history:
            found = merge(self.history.list_hparams(experiment_id), found)
        scalars = {"experiment_id": experiment_id, "plugin_name": SCALARS}
        found = declarations.merge(found, lambda _: self.list_scalars(ctx, **scalars))
        kept = {
            run: {tag: data for tag, data in tags.items() if matches(run, tag, run_tag_filter)}
            for run, tags in found.items()
        }
        return {run: tags for run, tags in kept.items() if tags}

    def _halves(self) -> list[HistoryProvider | KindsProvider]:
        return [self.history, self.native] if self.history else [self.native]

    def _merge(self, method: str, ctx: Any, which: dict[str, Any]) -> Tags:
        merged: Tags = {}
        texts = [self.statuses] if self.statuses and method.endswith("_tensors") else []
        for half in (*self._halves(), *texts):
            for run, tags in getattr(half, method)(ctx, **which).items():
                merged[run] = {**tags, **merged.get(run, {})}
        return merged
