"""What can be logged, as a number, as text or as a file, and as what it is stored."""

from __future__ import annotations

import enum
from typing import Union

Value = Union[bool, int, float, str]


class ValueKind(enum.IntEnum):
    """How a series' values are stored. Numbers widen in this order; text is a series of its own."""

    BOOL = 1
    INT = 2  # signed 64 bits, exact
    FLOAT = 3  # float64; NaN and infinities survive
    TEXT = 4


class ArtifactKind(str, enum.Enum):
    """What a metric's value is that lies in a file."""

    IMAGE = "image"
    AUDIO = "audio"  # a WAV file
    HISTOGRAM = "histogram"  # a JSON document like the SDK's
    ACCURACY_TABLE = "accuracy_table"  # the SDK's JSON documents, each with its schema
    CONFUSION_MATRIX = "confusion_matrix"
    PREDICTIONS = "predictions"
    RESIDUALS = "residuals"

    @property
    def is_document(self) -> bool:
        """Whether it is a JSON document, and no file that is shown as it is."""
        return self in _DOCUMENTS


_DOCUMENTS = (
    ArtifactKind.HISTOGRAM,
    ArtifactKind.ACCURACY_TABLE,
    ArtifactKind.CONFUSION_MATRIX,
    ArtifactKind.PREDICTIONS,
    ArtifactKind.RESIDUALS,
)
