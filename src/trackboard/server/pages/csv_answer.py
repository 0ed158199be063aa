"""Tables as CSV for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from trackboard.service import wire

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a spreadsheet tells that it shall calculate


def answer_csv(titles: Sequence[str], rows: Iterable[Iterable[object]]) -> Response:
    """Answer with a table as CSV (RFC 4180: lines end with CRLF).

    Args:
        titles: What stands above the columns.
        rows: The cells of each row: numbers in full, None as nothing.
    """
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(map(_plain, titles))
    table.writerows(map(_plain, row) for row in rows)
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8")


def _plain(given: object) -> object:
    """A cell for programs of others: text that a spreadsheet would take for a formula is kept as text."""
    if isinstance(given, str) and given[:1] in _FORMULA:
        return f"'{given}"
    return wire.number(given)
