"""What somebody may have meant by a name that nothing has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(
    text: str, names: Iterable[str], instead: str = "trackboard tb shows what there is."
) -> str:
    """A hint that shows the names that are most like it, and what to do where none is."""
    near = difflib.get_close_matches(text, list(names), 3)
    return f"Did you mean {', '.join(map(repr, near))}?" if near else instead
