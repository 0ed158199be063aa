"""Curves as bytes for a browser: columns of numbers, which cost a tenth of their JSON to write and read.

    4 bytes              how long the head is, little-endian
    the head             JSON, filled up with spaces to a multiple of 8 with the 4 bytes before it
    columns              little-endian float64, those of one curve after those of the other

The head has for each curve `run`, `name`, `count` (points of the whole series), `points` (those of the
range that was asked for, all of which are in the columns), `nan` (how many of these are), `infinite` (how
many buckets hold an infinite one), `length` (of each column) and `columns`, their names. Where each bucket
is one point these are `x` and `y`; else `first_x`, `last_x`, `nans` (points that are NaN), `min`, `max`
(exact, of all points) and `last`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from trackboard.history.buckets import Buckets
    from trackboard.model import Series

KIND = "application/octet-stream"
_POINTS = ("x", "y")
_BUCKETS = ("first_x", "last_x", "nans", "min", "max", "last")


def pack_curves(curves: Sequence[tuple[Series, Buckets]]) -> bytes:
    """Pack curves as the docstring of this module says."""
    head, columns = [], []
    for series, found in curves:
        is_exact = bool((found.counts == 1).all())
        infinite = np.isinf(found.least.astype(np.float64)) | np.isinf(found.greatest.astype(float))
        head.append(
            {
                "run": series.run,
                "name": series.name,
                "count": found.count,
                "points": found.points,
                "nan": int(found.nans.sum()),
                "infinite": int(infinite.sum()),
                "length": len(found),
                "columns": _POINTS if is_exact else _BUCKETS,
            }
        )
        columns += (
            [found.last_steps, found.last]
            if is_exact
            else [
                *(found.first_steps, found.last_steps, found.nans),
                *(found.least, found.greatest, found.last),
            ]
        )
    said = json.dumps(head).encode()
    said += b" " * (-(4 + len(said)) % 8)
    numbers = (np.ascontiguousarray(each, "<f8").tobytes() for each in columns)
    return b"".join((struct.pack("<I", len(said)), said, *numbers))
