"""What somebody may have meant by a name that nothing has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_NAMED = 10


def nearest(
    text: str, names: Iterable[str], instead: str = "trackboard runs lists what there is."
) -> str:
    """A hint that shows the names that are most like it, and what to do where none is."""
    folded: dict[str, str] = {}  # to the first name that is spelled so, whatever its case
    for name in names:
        folded.setdefault(name.lower(), name)
    near = [folded[each] for each in difflib.get_close_matches(text.lower(), list(folded), 3)]
    return f"Did you mean {', '.join(map(repr, near))}?" if near else instead


def nearest_of(text: str, names: Iterable[str], nothing: str, *, whose: str = "There is") -> str:
    """A hint that shows the name that is most like it, else some of those that there are.

    Args:
        text: What was asked for.
        names: What there is.
        nothing: The hint where there is nothing at all.
        whose: How the list of them begins.
    """
    known = list(dict.fromkeys(names))
    if not known:
        return nothing
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return nearest(text, known, f"{whose} {', '.join(map(repr, known[:_MOST_NAMED]))}{more}.")
