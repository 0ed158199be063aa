"""The files of a view that were logged as values, under the names TensorBoard knows them by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

from tensorboard.data import provider as tb

from trackboard.board.series.scalars import known
from trackboard.board.view.run_list import Roster, Rosters
from trackboard.model import ArtifactKind, RunId
from trackboard.ports import Artifact, Store

T = TypeVar("T")


@dataclass(frozen=True)
class Album:
    """The files that a run logged under one name, in the order of their steps."""

    run: str
    name: str
    artifacts: Sequence[Artifact]

    def of(self, *kinds: ArtifactKind) -> list[Artifact]:
        """Its files of some kinds."""
        return [artifact for artifact in self.artifacts if artifact.kind in kinds]


class Albums:
    """Looks up files, and lists all of a view only once while the store does not change."""

    def __init__(self, store: Store, rosters: Rosters) -> None:
        self._store = store
        self._rosters = rosters
        self._kept: WeakKeyDictionary[Roster, list[Album]] = WeakKeyDictionary()

    def find(self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None) -> list[Album]:
        """Files of the runs that a filter lets through; its tags are not looked at."""
        roster = self._rosters.get(experiment_id)
        runs = run_tag_filter.runs if run_tag_filter else None
        kept = self._kept.get(roster)
        if kept is None and runs is not None:
            return self._list(roster, runs)
        if kept is None:
            kept = self._kept[roster] = self._list(roster, None)
        return kept if runs is None else [album for album in kept if album.run in runs]

    def _list(self, roster: Roster, runs: Collection[str] | None) -> list[Album]:
        ids = roster.run_ids if runs is None else known(roster, runs)
        return group(self._store.list_artifacts(runs=ids), roster.names)


def group(artifacts: Iterable[Artifact], names: Mapping[RunId, str]) -> list[Album]:
    """Files by run and name; those of a run without a name were stored just now, and left out."""
    found: dict[tuple[str, str], list[Artifact]] = defaultdict(list)
    for artifact in artifacts:
        if artifact.run in names:
            found[names[artifact.run], artifact.name].append(artifact)
    return [
        Album(run, name, sorted(artifacts, key=lambda artifact: artifact.step))
        for (run, name), artifacts in found.items()
    ]


def thin(items: Sequence[T], at_most: int | None) -> list[T]:
    """Some of the items, evenly spread, the first and the last among them; one: the last."""
    count = len(items)
    if at_most is None or count <= at_most:
        return list(items)
    if at_most < 2:
        return list(items[count - at_most :])
    places = dict.fromkeys(round(at * (count - 1) / (at_most - 1)) for at in range(at_most))
    return [items[place] for place in places]
