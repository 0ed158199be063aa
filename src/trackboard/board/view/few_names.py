"""What few runs of a large history are called, without a look at all others.

A name depends on the runs that would have it as well (see `run_names`). Few can: below each part of a
name at a `/`, the oldest run that is called so, and a run whose number is spelled at the end of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from trackboard.board.view.run_names import name_runs
from trackboard.model import Run, RunId
from trackboard.ports import AllOf, Attribute, OneOf, RunQuery, Store, attribute

_NUMBERED = re.compile(r"(.*) #([0-9]{1,18})(?:\.[0-9]+)?", re.DOTALL)


def name_few(store: Store, runs: Iterable[Run]) -> dict[RunId, str]:
    """Name runs as `name_runs` does when it is given all runs of their experiments, without rings of parents.

    Args:
        store: Where they are; none of them is in the trash.
        runs: The runs, as many as a page shows: some questions are asked, whatever their number, and more
            where names hold `/` or end in ` #3`.
    """
    given = list(runs)
    known = {run.id: run for run in given}
    asked = _Rivals()
    while True:
        _add_parents(store, known)
        names = name_runs(known.values())
        rivals = _list_rivals(known, names).without(asked)
        if rivals.is_empty:
            return {run.id: names[run.id] for run in given}
        known.update((run.id, run) for run in rivals.read(store))
        asked.add(rivals)


def _add_parents(store: Store, known: dict[RunId, Run]) -> None:
    looked_for: set[RunId] = set()
    while True:
        parents = {run.parent for run in known.values() if run.parent}
        missing = parents - known.keys() - looked_for
        if not missing:
            return
        looked_for |= missing
        known.update((run.id, run) for run in store.list_runs(ids=missing))


@dataclass
class _Rivals:
    """The runs that may have a name of others.

    Attributes:
        roots: Names of runs that are below no run of their experiment, by experiment.
        children: Names of children, by experiment and parent.
        numbered: Names with the numbers of runs that may have them, by experiment.
    """

    roots: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    children: dict[tuple[str, RunId], set[str]] = field(default_factory=lambda: defaultdict(set))
    numbered: dict[str, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))

    @property
    def is_empty(self) -> bool:
        return not (self.roots or self.children or self.numbered)

    def without(self, asked: _Rivals) -> _Rivals:
        left = _Rivals()
        for part, mine, theirs in self._beside(asked):
            for key, names in mine.items():
                if rest := names - theirs.get(key, set()):
                    getattr(left, part)[key] = rest
        return left

    def add(self, more: _Rivals) -> None:
        for _, mine, theirs in self._beside(more):
            for key, names in theirs.items():
                mine[key] |= names

    def _beside(
        self, other: _Rivals
    ) -> Iterator[tuple[str, dict[object, set[object]], dict[object, set[object]]]]:
        for part in ("roots", "children", "numbered"):
            yield part, getattr(self, part), getattr(other, part)

    def read(self, store: Store) -> Iterator[Run]:
        """Ask for all of them; others that are found as well do no harm."""
        if self.roots:
            yield from store.list_oldest_called([*self.roots], _all_of(self.roots.values()))
        if self.children:
            experiments = {experiment for experiment, _ in self.children}
            parents = {parent for _, parent in self.children}
            names = _all_of(self.children.values())
            yield from store.list_oldest_called([*experiments], names, parents=parents)
        for experiment, pairs in self.numbered.items():
            is_it = (
                OneOf(attribute(Attribute.NUMBER), tuple(number for _, number in pairs)),
                OneOf(attribute(Attribute.NAME), tuple(name for name, _ in pairs)),
            )
            yield from store.query_runs(RunQuery(experiment, archived=True, where=AllOf(is_it)))


def _all_of(names: Iterable[set[str]]) -> list[str]:
    return sorted(set().union(*names))


def _list_rivals(known: Mapping[RunId, Run], names: Mapping[RunId, str]) -> _Rivals:
    rivals = _Rivals()
    holders = {name: known[run] for run, name in names.items()}
    numbers = {(run.experiment, run.number, run.name) for run in known.values()}
    for run in known.values():
        parent = known.get(run.parent) if run.parent else None
        is_below = parent is not None and parent.experiment == run.experiment
        above = names[parent.id] if parent is not None and is_below else run.experiment
        for name in {f"{above}/{run.name}", names[run.id]}:
            parts = name.removeprefix(f"{run.experiment}/").split("/")
            for length in range(1, len(parts) + 1):
                begin = "/".join(parts[:length])
                plain, spelled = _forms(begin)
                rivals.roots[run.experiment] |= plain
                found = spelled
                holder = holders.get(f"{run.experiment}/{begin}")
                for end in range(length + 1, len(parts) + 1) if holder is not None else ():
                    plain, spelled = _forms("/".join(parts[length:end]))
                    rivals.children[run.experiment, holder.id] |= plain  # type: ignore[union-attr]
                    found |= spelled
                rivals.numbered[run.experiment] |= {
                    (base, number)
                    for base, number in found
                    if (run.experiment, number, base) not in numbers
                }
    rivals.numbered = {key: pairs for key, pairs in rivals.numbered.items() if pairs}
    return rivals


def _forms(text: str) -> tuple[set[str], set[tuple[str, int]]]:
    """What a run that is shown as `text` may be called, and with which numbers where that was added."""
    plain, numbered = {text}, set()
    while match := _NUMBERED.fullmatch(text):
        text = match[1]
        plain.add(text)
        numbered.add((text, int(match[2])))
    return plain, numbered
