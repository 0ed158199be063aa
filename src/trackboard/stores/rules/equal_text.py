"""Text that equal values share, which databases compare and index."""

from __future__ import annotations

import hashlib
import math

from trackboard.model import Value

_SHORT = 64  # characters; longer text is compared by its hash, which fits into any index


def equal_text(value: Value) -> str:
    """Text that two values share when they are equal: numbers of any kind by their amount, NaN to NaN."""
    if isinstance(value, str):
        text = "s" + value
    elif math.isfinite(value) and value == int(value):
        text = f"n{int(value)}"
    else:
        text = f"n{value!r}"
    if len(text) <= _SHORT and text.isascii() and "\0" not in text:
        return text
    return "h" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
