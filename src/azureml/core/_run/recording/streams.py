"""What was given to be read from, as bytes: piece by piece, so that its size does not matter."""

from __future__ import annotations

from typing import Any

from azureml.exceptions._tree import UserErrorException


class ByteStream:
    """An open file of bytes or of text; text is UTF-8.

    Args:
        source: Anything that has `read`.
    """

    def __init__(self, source: Any) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        """The next bytes, in pieces of about this size; empty at the end.

        Raises:
            UserErrorException: The source is closed, cannot be read, or gives something else.
        """
        try:
            piece = self._source.read(size)
        except (OSError, TypeError, ValueError) as error:
            raise UserErrorException(
                f"{self._source!r} cannot be read: {error}", inner_exception=error
            ) from error
        if isinstance(piece, str):
            return piece.encode("utf-8", "surrogateescape")
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise UserErrorException(
                f"{self._source!r} gives {type(piece).__name__} when it is read, neither bytes nor text."
            )
        return bytes(piece)
