"""A match in a line that is longer than a piece is found once, wherever it lies."""

import pytest

from trackboard.server.logs.search import search
from trackboard.service import FilePiece

PIECE, AGAIN = 16 * 1024, 1024


@pytest.mark.parametrize(
    "at", [0, 100, PIECE - AGAIN - 3, PIECE - AGAIN, PIECE - 500, PIECE - 3, PIECE, 39_000]
)
def test_a_match_is_listed_once(at: int) -> None:
    data = b"x" * at + b"needle" + b"x" * (40_000 - at) + b"\nthe next line\n"

    def read(offset: int, limit_bytes: int) -> FilePiece:
        return FilePiece(data[offset : offset + limit_bytes], offset, len(data))

    found = search(read, "needle")
    assert found is not None
    assert [match.found for match in found.matches] == ["needle"]
    assert found.end == len(data)
