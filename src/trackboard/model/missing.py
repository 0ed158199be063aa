"""The value of a point that has none: a NaN of its own kind.

A float64 has room for many NaNs. This one has the bits that R gives to its `NA`; whoever does not know it
sees a NaN, so that curves have a gap there, and nothing that stores numbers needs to know.
"""

from __future__ import annotations

import struct

_FLOAT64 = struct.Struct("<d")
_BITS = struct.pack("<Q", 0x7FF8_0000_0000_07A2)  # quiet; the payload is 1954

MISSING: float = _FLOAT64.unpack(_BITS)[0]


def is_missing(value: object) -> bool:
    """Whether it is `MISSING`, which no other NaN is."""
    return isinstance(value, float) and value != value and _FLOAT64.pack(value) == _BITS
