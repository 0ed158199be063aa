"""Names that hold a text, found for who is typing one: of metrics, parameters, tags, states, experiments."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from typing import NamedTuple

from trackboard.history.query.fields import PREFIXES, WORDS, parse_field, quoted, written
from trackboard.history.query.writing import write_equal
from trackboard.model import LOST, RunState
from trackboard.ports import Attribute, Field, Source, Store, attribute


class NameKind(enum.Enum):
    """What a name is of."""

    METRIC = "metric"
    PARAMETER = "parameter"
    TAG = "tag"
    ATTRIBUTE = "attribute"  # of every run, such as `created`
    STATE = "state"
    EXPERIMENT = "experiment"


class NameFound(NamedTuple):
    """A name.

    Attributes:
        kind: What it is of.
        name: The name.
        text: How it is written in a condition, of a state or an experiment the whole comparison.
    """

    kind: NameKind
    name: str
    text: str


_STORED = {
    Source.METRIC: NameKind.METRIC,
    Source.PARAMETER: NameKind.PARAMETER,
    Source.TAG: NameKind.TAG,
}


def find_names(
    store: Store, match: str, *, kinds: Collection[NameKind] = (), limit: int
) -> tuple[NameFound, ...]:
    """Find names that hold a text, whatever the case of its letters; those that hold it earlier come first.

    Args:
        store: Lists the names, by its indexes.
        match: The text; behind a prefix such as `params.` only parameters are meant.
        kinds: Of what; none: of everything.
        limit: How many at most.
    """
    prefix, dot, rest = match.partition(".")
    source = PREFIXES.get(prefix.lower()) if dot else None
    wanted = {*kinds} or {*NameKind}
    if source is not None:
        wanted &= {_STORED[source]} if source in _STORED else set()
    needle = (match if source is None else rest).casefold()
    found = [
        (at, name.casefold(), name, kind.value, NameFound(kind, name, text))
        for kind, name, text in _list_names(store, wanted, is_prefixed=source is not None)
        if (at := name.casefold().find(needle)) >= 0
    ]
    found.sort(key=lambda each: each[:4])
    return tuple(each[4] for each in found[:limit])


def _list_names(
    store: Store, kinds: Collection[NameKind], *, is_prefixed: bool
) -> Iterator[tuple[NameKind, str, str]]:
    fields = {NameKind.METRIC, NameKind.PARAMETER}
    names = {
        source: store.list_names(source)
        for source, kind in _STORED.items()
        if kind in kinds or (kind in fields and fields & {*kinds})
    }
    both = {*names.get(Source.METRIC, ())} & {*names.get(Source.PARAMETER, ())}
    for source, kind in _STORED.items():
        for name in names[source] if kind in kinds else ():
            yield kind, name, _written(Field(source, name), is_plain=not is_prefixed, both=both)
    if NameKind.ATTRIBUTE in kinds:
        yield from ((NameKind.ATTRIBUTE, each, each) for each in WORDS)
    if NameKind.STATE in kinds:
        for state in (*(each.value for each in RunState), LOST):
            yield NameKind.STATE, state, f"state = {quoted(state)}"
    if NameKind.EXPERIMENT in kinds:
        of = attribute(Attribute.EXPERIMENT)
        for name in store.list_experiments():
            yield NameKind.EXPERIMENT, name, write_equal(of, name)


def _written(field: Field, *, is_plain: bool, both: Collection[str]) -> str:
    """A field as one would write it: without what it is of, where that is plain."""
    if field.source is Source.TAG or not is_plain or field.name in both:
        return written(field)
    plain = Field(Source.METRIC_OR_PARAMETER, field.name)
    text = written(plain)
    return text if parse_field(text) == plain else written(field)
