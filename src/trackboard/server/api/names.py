"""The question about names, for who is typing one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.errors import UsageError
from trackboard.history.name_search import NameKind
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.service import Service

MOST_NAMES = 200  # in one answer
_KINDS = tuple(each.value for each in NameKind)


def find_names(service: Service, given: Given) -> Json:
    """Names that hold a text."""
    kinds = [_kind(each) for each in given.texts("kind")]
    limit = min(max(1, given.number("limit")), MOST_NAMES)
    found = service.runs.find_names(given.find_text("match") or "", kinds=kinds, limit=limit)
    return {
        "names": [{"kind": each.kind.value, "name": each.name, "text": each.text} for each in found]
    }


def _kind(text: str) -> NameKind:
    if text not in _KINDS:
        raise UsageError(f"kind={text[:80]!r} is none", hint=f"There is: {', '.join(_KINDS)}.")
    return NameKind(text)


OPERATIONS = (
    Operation(
        "/names",
        "Names of metrics, parameters, tags, attributes, states and experiments that hold a text,"
        " whatever the case, those first that hold it earlier; `text` is what stands in a condition.",
        "NamesFound",
        find_names,
        [
            Parameter("match", "The text; behind params., tags. or metrics. only of those."),
            Parameter(
                "kind", f"Only of these: {', '.join(_KINDS)}; repeat it.", is_repeatable=True
            ),
            Parameter("limit", f"At most so many, up to {MOST_NAMES}.", int, default=20),
        ],
    ),
)
