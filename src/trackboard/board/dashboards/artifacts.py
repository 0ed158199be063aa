"""The files of a view that were logged as values, under the names TensorBoard knows them by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

from tensorboard.data import provider as tb

from trackboard.board.series.scalars import known
from trackboard.board.view.run_list import RunList, RunLists
from trackboard.model import ArtifactKind, RunId
from trackboard.ports import Artifact, Store

T = TypeVar("T")


@dataclass(frozen=True)
class ArtifactSeries:
    """The files that a run logged under one name, in the order of their steps."""

    run: str
    name: str
    artifacts: Sequence[Artifact]

    def of(self, *kinds: ArtifactKind) -> list[Artifact]:
        """Its files of some kinds."""
        return [artifact for artifact in self.artifacts if artifact.kind in kinds]


class ArtifactLookup:
    """Looks up files, and lists all of a view only once while the store does not change."""

    def __init__(self, store: Store, run_lists: RunLists) -> None:
        self._store = store
        self._run_lists = run_lists
        self._kept: WeakKeyDictionary[RunList, list[ArtifactSeries]] = WeakKeyDictionary()

    def find(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> list[ArtifactSeries]:
        """Files of the runs that a filter lets through; its tags are not looked at."""
        run_list = self._run_lists.get(experiment_id)
        runs = run_tag_filter.runs if run_tag_filter else None
        kept = self._kept.get(run_list)
        if kept is None and runs is not None:
            return self._list(run_list, runs)
        if kept is None:
            kept = self._kept[run_list] = self._list(run_list, None)
        return kept if runs is None else [logged for logged in kept if logged.run in runs]

    def _list(self, run_list: RunList, runs: Collection[str] | None) -> list[ArtifactSeries]:
        ids = run_list.run_ids if runs is None else known(run_list, runs)
        return group(self._store.list_artifacts(runs=ids), run_list.names)


def group(artifacts: Iterable[Artifact], names: Mapping[RunId, str]) -> list[ArtifactSeries]:
    """Files by run and name; those of a run without a name were stored just now, and left out."""
    found: dict[tuple[str, str], list[Artifact]] = defaultdict(list)
    for artifact in artifacts:
        if artifact.run in names:
            found[names[artifact.run], artifact.name].append(artifact)
    return [
        ArtifactSeries(run, name, sorted(artifacts, key=lambda artifact: artifact.step))
        for (run, name), artifacts in found.items()
    ]


def sample_evenly(items: Sequence[T], at_most: int | None) -> list[T]:
    """Some of the items, evenly spread, the first and the last among them; one: the last."""
    count = len(items)
    if at_most is None or count <= at_most:
        return list(items)
    if at_most < 2:
        return list(items[count - at_most :])
    indexes = dict.fromkeys(round(at * (count - 1) / (at_most - 1)) for at in range(at_most))
    return [items[index] for index in indexes]
