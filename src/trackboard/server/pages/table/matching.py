"""All runs that match a table's address as one selection: what is done with them, and what is said of it."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from starlette.datastructures import QueryParams

from trackboard.errors import UsageError
from trackboard.format.amounts import count
from trackboard.server.pages.table.view import RunView

if TYPE_CHECKING:
    from trackboard.model import RunId
    from trackboard.ports import RunQuery
    from trackboard.service import MatchingChange, Service

Fields = Mapping[str, str]
MOST_COMPARED = 20  # runs side by side
_MOST_DIGITS = 12
_OF_CHANGE = ("done", "changed", "below", "going_on", "at")  # in the address that a form leads to


class Said(NamedTuple):
    """What is said above the table after a form.

    Attributes:
        text: In words.
        undo: When runs were put into the trash, to take them out again; empty: that was not done.
    """

    text: str
    undo: str = ""


def read_view(fields: Fields) -> RunView:
    """Read the view of the table that a form stands above."""
    return RunView.read(QueryParams(fields.get("address", "").removeprefix("?")))


def read_first(service: Service, query: QueryParams, most: int) -> tuple[list[RunId], int]:
    """Read the first runs of a table, as it is sorted, and how many match.

    Args:
        service: The workspace.
        query: The table's address.
        most: How many at most.
    """
    view = RunView.read(query)
    runs = service.runs.query(view.query(), view.orders(), limit=most, strict=True)
    return [run.id for run in runs], service.runs.count(view.query())


def archive(service: Service, query: RunQuery, expected: int, _: Fields) -> MatchingChange:
    """Archive all of them."""
    return service.runs.archive_matching(query, expected=expected)


def tag(service: Service, query: RunQuery, expected: int, fields: Fields) -> MatchingChange:
    """Tag all of them."""
    key = fields.get("key", "")
    if not key:
        raise UsageError("a tag has no name", hint="Name it in the field Tag.")
    return service.runs.tag_matching(query, {key: fields.get("value") or None}, expected=expected)


def delete(service: Service, query: RunQuery, expected: int, _: Fields) -> MatchingChange:
    """Put all of them into the trash that have ended."""
    return service.trash.delete_matching(query, expected=expected)


ON_MATCHING: Mapping[str, Callable[[Service, RunQuery, int, Fields], MatchingChange]] = {
    "archive": archive,
    "tag": tag,
    "delete": delete,
}


def change(service: Service, name: str, fields: Fields) -> str:
    """Do something with all runs that match, and lead back to the table, which says what was done.

    Args:
        service: The workspace.
        name: What is done, of `ON_MATCHING`.
        fields: The table's address, and how many runs matched when it was shown.

    Raises:
        Conflict: As many do not match any more; nothing was changed.
    """
    view = read_view(fields)
    done = ON_MATCHING[name](service, view.query(), _read_count(fields), fields)
    said: dict[str, object] = {
        "done": name,
        "changed": len(done.runs),
        "below": done.below,
        "going_on": done.going_on,
    }
    if name == "delete" and done.runs:
        said["at"] = repr(done.time_s)
    return _after(view, said)


def restore(service: Service, fields: Fields) -> str:
    """Take back the runs that were put into the trash by one form, and lead back to the table."""
    at = fields.get("at", "")
    try:
        time_s = float(at)
    except ValueError:
        raise UsageError(
            f"{at[:40]!r} is no time of a deletion", hint="/trash lists what was deleted."
        ) from None
    back = service.trash.restore_deleted(time_s)
    return _after(read_view(fields), {"done": "restore", "changed": len(back)})


def say_change(query: QueryParams) -> Said | None:
    """Say what a form has done, as the address of the table has it; None: it says nothing of that."""
    words, numbers = query.get("done"), {}
    for name in _OF_CHANGE[1:4]:
        given = query.get(name, "0")
        if not _is_count(given):
            return None
        numbers[name] = int(given)
    runs = count(numbers["changed"], "run")
    below, going_on = numbers["below"], numbers["going_on"]
    also = f", and {count(below, 'run')} below" if below else ""
    left = f" {count(going_on, 'run')} left as before: not ended." if going_on else ""
    texts = {
        "archive": f"Archived: {runs}{also}.",
        "tag": f"Tagged: {runs}.",
        "delete": f"In the trash: {runs}{also}.{left}",
        "restore": f"Back from the trash: {runs}.",
    }
    text = texts.get(words or "")
    return None if text is None else Said(text, query.get("at", "") if words == "delete" else "")


def _read_count(fields: Fields) -> int:
    given = fields.get("count", "")
    if not _is_count(given):
        raise UsageError(
            f"count={given[:40]!r} is no number of runs", hint="Send how many the table showed."
        )
    return int(given)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def _after(view: RunView, said: Mapping[str, object]) -> str:
    return f"../runs?{urllib.parse.urlencode([*view.pairs('after'), *said.items()])}"
