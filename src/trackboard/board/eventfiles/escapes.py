"""Names that JSON escapes: TensorBoard's fast reader gives back no image, sound or graph of such.

See `board.eventfiles.odd_names`.
"""

from __future__ import annotations

ESCAPED_BECAUSE = "as TensorBoard shows no images and sounds under such names"

_MARKED = frozenset('"\\')


def is_odd(name: str) -> bool:
    """Whether JSON has to escape something in a name."""
    return any(map(_is_escaped, name))


def escape(name: str) -> str:
    """Write what JSON would have to escape as `%XX`."""
    return "".join(f"%{ord(char):02X}" if _is_escaped(char) else char for char in name)


def _is_escaped(char: str) -> bool:
    return char in _MARKED or char < " "
