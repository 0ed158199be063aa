"""The beginning of a file, for a page: as text, a table, an image or a sound; nothing of it can run."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from trackboard.server.files.media import media_kind
from trackboard.server.files.table_head import SEPARATORS, TableHead, parquet_head, text_head

TEXT_BYTES = 256 * 1024  # of a text, on its page
_JSON_BYTES = 2 << 20  # of a document that is laid out anew
_TABLE_BYTES = 1 << 20  # in which the first rows of a table are looked for


@dataclass(frozen=True)
class Preview:
    """What a page shows of a file.

    Attributes:
        kind: `text`, `table`, `image`, `audio`, `video`, or `bytes`, of which nothing is shown.
        size_bytes: The size of all of the file.
        text: The text.
        table: The first rows.
        is_cut: Whether the text is the beginning only.
        said: What else there is to say about it.
    """

    kind: str
    size_bytes: int
    text: str = ""
    table: TableHead | None = None
    is_cut: bool = False
    said: str = ""


def look_into(file: BinaryIO, path: str) -> Preview:
    """Look into a file, as far as its page has room.

    Args:
        file: Open for reading.
        path: The path, whose ending says what may be in it.
    """
    size_bytes = file.seek(0, 2)
    file.seek(0)
    ending = path.rpartition("/")[2].lower().rpartition(".")[2]
    kind = media_kind(path).partition("/")[0]
    if kind in ("image", "audio", "video"):
        return Preview(kind, size_bytes)
    if ending in ("parquet", "pq"):
        table, said = parquet_head(file)
        return Preview("bytes" if table is None else "table", size_bytes, table=table, said=said)
    begin = file.read(_JSON_BYTES if ending == "json" else _TABLE_BYTES)
    text = _decode(begin, is_whole=len(begin) == size_bytes)
    if text is None:
        return Preview("bytes", size_bytes, said="It is no text.")
    if ending in SEPARATORS:
        head = text_head(text, ending, is_whole=len(begin) == size_bytes)
        if head is not None:
            return Preview("table", size_bytes, table=head)
    if ending == "json" and len(begin) == size_bytes:
        return _document(text, size_bytes)
    shown = _first(text)
    return Preview("text", size_bytes, shown, is_cut=len(shown.encode()) < size_bytes)


def _decode(begin: bytes, *, is_whole: bool) -> str | None:
    """Bytes as text; None: they are none."""
    encoding = "utf-8-sig"
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(begin, final=is_whole)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _first(text: str) -> str:
    """As much of a text as a page has room for."""
    return text.encode("utf-8", "replace")[:TEXT_BYTES].decode("utf-8", "ignore")


def _document(text: str, size_bytes: int) -> Preview:
    """JSON with a value in a line; what cannot be read is shown as it is."""
    try:
        laid_out = "".join(_pieces(json.loads(text)))
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        shown = _first(text)
        return Preview(
            "text", size_bytes, shown, is_cut=len(shown) < len(text), said=f"No JSON: {why[:300]}"
        )
    return Preview("text", size_bytes, _first(laid_out), is_cut=len(laid_out) > TEXT_BYTES)


def _pieces(document: object) -> Iterator[str]:
    """A document piece by piece: deep nesting makes much of little."""
    left = TEXT_BYTES
    for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(document):
        yield piece
        left -= len(piece)
        if left < 0:
            return
