"""Contracts between the core and what stores, keeps and runs things for it."""

from trackboard.ports.blobs import Blobs
from trackboard.ports.store import (
    Batch,
    FloatColumn,
    IntColumn,
    Points,
    Position,
    RunFile,
    SeriesPoints,
    Store,
)
from trackboard.ports.target import Target, WorkerState

__all__ = [
    "Batch",
    "Blobs",
    "FloatColumn",
    "IntColumn",
    "Points",
    "Position",
    "RunFile",
    "SeriesPoints",
    "Store",
    "Target",
    "WorkerState",
]
