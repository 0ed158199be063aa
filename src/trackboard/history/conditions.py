"""Which runs are meant, and in which order, as people say it in Python and on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from trackboard.errors import UsageError
from trackboard.history.query.fields import parse_field
from trackboard.history.query.parser import parse_condition
from trackboard.history.vocabulary import argument_meant
from trackboard.model import Run, RunId, RunKind, RunState, Value
from trackboard.ports import (
    NEWEST_FIRST,
    AllOf,
    AnyOf,
    Condition,
    HasValue,
    Matches,
    Not,
    OneOf,
    Order,
    Ordered,
    Orders,
    RunQuery,
)
from trackboard.record.value import plain_value

if TYPE_CHECKING:
    from trackboard.record import LiveRun

Where = str | Condition | Sequence[str | Condition]


class Filters(TypedDict, total=False):
    """Which runs: those that match everything that is given; see `RunQuery`."""

    experiment: str
    parent: Run | LiveRun | RunId | str
    top_level: bool  # leave out the runs that have a parent
    archived: bool  # archived runs too
    deleted: bool  # runs in the trash instead
    kind: RunKind | str
    state: RunState | str | Sequence[RunState | str]  # one of these
    tags: Mapping[str, str | None] | str | Sequence[str]  # None: it has the tag; or "team=vision"
    properties: Mapping[str, str | None] | str | Sequence[str]
    parameters: Mapping[str, Value] | str | Sequence[str]  # or "lr=0.1"
    where: Where  # "loss < 0.5 and tags.team = vision"; of several, all


_CONDITIONS = (AllOf, AnyOf, HasValue, Matches, Not, OneOf, Ordered)
_ARGUMENTS = (*Filters.__annotations__, "order", "limit", "offset")  # of `Workspace.runs`


def build_query(**filters: Unpack[Filters]) -> RunQuery:
    """The question that these filters put to a store.

    Raises:
        UsageError: A filter, a condition or a state is not one.
    """
    _check_words(filters.keys())
    experiment = filters.get("experiment")
    if experiment is not None and not isinstance(experiment, str):
        raise UsageError(
            f"experiment={experiment!r} is {type(experiment).__name__}", hint="Pass its name."
        )
    return RunQuery(
        experiment=experiment,
        parent=_parent(filters.get("parent")),
        top_level=_flag("top_level", filters.get("top_level", False)),
        archived=_flag("archived", filters.get("archived", False)),
        deleted=_flag("deleted", filters.get("deleted", False)),
        kind=_kind(filters.get("kind")),
        states=parse_states(filters.get("state")),
        tags=_texts("tags", filters.get("tags", {})),
        properties=_texts("properties", filters.get("properties", {})),
        parameters=_parameters(filters.get("parameters", {})),
        where=parse_where(filters.get("where")),
    )


def check_query(query: RunQuery) -> RunQuery:
    """A question that was put together by hand, its parts as `build_query` makes them.

    Raises:
        UsageError: A part is not one.
    """
    given = {each.name: getattr(query, each.name) for each in fields(query)}
    deleted_s = given.pop("deleted_s")  # nobody says it in words
    filters: Any = {"state": given.pop("states"), **given}
    return replace(build_query(**filters), deleted_s=deleted_s)


def check_page(limit: int | None, offset: int = 0) -> None:
    """Raise UsageError where a limit or an offset is none."""
    if limit is not None and (type(limit) is not int or limit < 1):
        raise UsageError(
            f"limit={limit!r} is no number of runs or points", hint="Pass 1 or more; None is all."
        )
    if type(offset) is not int or offset < 0:
        raise UsageError(f"offset={offset!r} leaves out no number", hint="Pass 0 or more.")


def parse_where(given: Where | None) -> Condition | None:
    """Conditions as text, or as they are, one or many, of which all have to hold.

    Raises:
        UsageError: One is not a condition.
    """
    if given is None:
        return None
    if isinstance(given, str):
        return parse_condition(given)
    if isinstance(given, _CONDITIONS):
        return given
    if not isinstance(given, Sequence) or any(
        not isinstance(one, (str, *_CONDITIONS)) for one in given
    ):
        raise UsageError(
            f"where={given!r} is {type(given).__name__}",
            hint='Write it as text: where="loss < 0.5", or a list of such.',
        )
    found = tuple(parse_condition(one) if isinstance(one, str) else one for one in given)
    return (found[0] if len(found) == 1 else AllOf(found)) if found else None


def parse_value(text: str) -> Value:
    """A parameter's value as it was most likely meant; in quotes it is text.

    >>> parse_value("3"), parse_value("1e-3"), parse_value("true"), parse_value("adam")
    (3, 0.001, True, 'adam')
    >>> parse_value('"3"')
    '3'
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = _number(text)
    return text if number is None else number


def parse_pairs(texts: Iterable[str]) -> dict[str, str | None]:
    """`key=value` as a pair, `key` alone with None.

    >>> parse_pairs(["team=vision", "draft"])
    {'team': 'vision', 'draft': None}
    """
    split = (text.partition("=") for text in texts)
    return {key: value if equals else None for key, equals, value in split}


def parse_states(
    given: RunState | str | Sequence[RunState | str] | None,
) -> tuple[RunState, ...] | None:
    """States by name, one or many.

    Raises:
        UsageError: There is no such state.
    """
    if given is None:
        return None
    each = [given] if isinstance(given, str) else given
    try:
        return tuple(RunState(state) for state in each)
    except ValueError as error:
        raise UsageError(
            f"there is no such state: {error}",
            hint=f"A run is one of {', '.join(state.value for state in RunState)}.",
        ) from None


def parse_orders(given: Order | str | Sequence[Order | str]) -> Orders:
    """How to sort: names, greatest first (`-name`: least first), or orders as they are, one or many.

    Raises:
        UsageError: One is neither.
    """
    each = [given] if isinstance(given, (str, Order)) else given
    if not isinstance(each, Sequence):
        raise _no_order(given)
    return tuple(_order(one) for one in each if one != "") or NEWEST_FIRST


def _order(given: object) -> Order:
    if isinstance(given, Order):
        return given
    if not isinstance(given, str):
        raise _no_order(given)
    return Order(parse_field(given.removeprefix("-")), descending=not given.startswith("-"))


def _no_order(given: object) -> UsageError:
    return UsageError(
        f"order={given!r} is no order",
        hint='Name a metric, params.lr or created: "accuracy" is greatest first, "-loss.min" least first.',
    )


def _check_words(given: Iterable[str]) -> None:
    for word in given:
        if word not in _ARGUMENTS:
            meant = argument_meant(word, _ARGUMENTS)
            raise UsageError(
                f"{word!r} is no condition on runs",
                hint=f"Did you mean {meant}=?" if meant else f"There is {', '.join(_ARGUMENTS)}.",
            )


def _parent(given: Run | LiveRun | RunId | str | None) -> RunId | None:
    if given is None:
        return None
    if isinstance(given, str):
        return RunId(given)
    from trackboard.record import LiveRun  # to read, nothing that records is loaded

    if isinstance(given, (Run, LiveRun)):
        return given.id
    raise UsageError(
        f"parent={given!r} is {type(given).__name__}", hint="Pass a run, its id or its name."
    )


def _flag(name: str, given: object) -> bool:
    if not isinstance(given, bool):
        raise UsageError(f"{name}={given!r} is no bool", hint="Pass True or False.")
    return given


def _kind(given: RunKind | str | None) -> RunKind | None:
    try:
        return None if given is None else RunKind(given)
    except ValueError:
        raise UsageError(
            f"there is no kind of run {given!r}",
            hint=f"A run is {' or '.join(kind.value for kind in RunKind)}.",
        ) from None


def _texts(
    what: str, given: Mapping[str, str | None] | str | Iterable[str]
) -> dict[str, str | None]:
    """Tags or properties by key."""
    pairs = _pairs(what, given, "team=vision")
    for key, value in pairs.items():
        if not isinstance(key, str) or not (value is None or isinstance(value, str)):
            raise UsageError(
                f"{what}={{{key!r}: {value!r}}}: {what} are text",
                hint=f'Pass {what}={{"{key}": "{value}"}}; None means that there is one.',
            )
    return pairs


def _parameters(given: Mapping[str, Value] | str | Iterable[str]) -> dict[str, Value]:
    pairs = _pairs("parameters", given, "lr=0.1")
    for name, value in pairs.items():
        if value is None or not isinstance(name, str):
            raise UsageError(
                f"the parameter {name!r} has no value to be compared with",
                hint=f'Say which: parameters={{"{name}": 0.1}}, on the command line --param {name}=0.1.',
            )
    if isinstance(given, Mapping):
        return {name: plain_value(name, value) for name, value in pairs.items()}
    return {name: parse_value(value) for name, value in pairs.items()}


def _pairs(what: str, given: object, example: str) -> dict[Any, Any]:
    """A mapping as it is, and texts as the command line takes them."""
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, str):
        return parse_pairs([given])
    if isinstance(given, Sequence) and all(isinstance(text, str) for text in given):
        return parse_pairs(given)
    key, _, value = example.partition("=")
    raise UsageError(
        f"{what}={given!r} is {type(given).__name__}",
        hint=f'Pass a dict, {what}={{"{key}": {value if value[0].isdigit() else repr(value)}}},'
        f' or text, {what}="{example}".',
    )


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
