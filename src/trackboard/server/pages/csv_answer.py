"""Tables as CSV for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from starlette.responses import Response, StreamingResponse

from trackboard.service import wire

_KIND = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a spreadsheet tells that it shall calculate


def answer_csv(titles: Sequence[str], rows: Iterable[Iterable[object]]) -> Response:
    """Answer with a table as CSV (RFC 4180: lines end with CRLF).

    Args:
        titles: What stands above the columns.
        rows: The cells of each row: numbers in full, None as nothing.
    """
    return Response(_written([titles, *rows]), media_type=_KIND)


def stream_csv(
    titles: Sequence[str], pages: Iterable[Iterable[Iterable[object]]]
) -> StreamingResponse:
    """Answer with a table of any length as CSV, of which no more than a page is held.

    Args:
        titles: What stands above the columns.
        pages: Rows as `answer_csv` takes them, in pieces.
    """

    def pieces() -> Iterator[str]:
        yield _written([titles])
        for rows in pages:
            yield _written(rows)

    return StreamingResponse(pieces(), media_type=_KIND)


def _written(rows: Iterable[Iterable[object]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(map(_plain, row) for row in rows)
    return written.getvalue()


def _plain(given: object) -> object:
    """A cell for programs of others: text that a spreadsheet would take for a formula is kept as text."""
    if isinstance(given, str) and given[:1] in _FORMULA:
        return f"'{given}"
    return wire.number(given)
