"""How objects look in a notebook. Every name is escaped: some come from outside."""

from __future__ import annotations

import html
from typing import Mapping


def table(cells: Mapping[str, object]) -> str:
    """A table of one row."""
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in cells)
    values = "".join(f"<td>{html.escape(str(value))}</td>" for value in cells.values())
    return f'<table style="width:100%"><tr>{heads}</tr><tr>{values}</tr></table>'
