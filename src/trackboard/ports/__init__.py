"""Contracts between the core and what stores, keeps and runs things for it."""

from trackboard.ports.blobs import Blobs
from trackboard.ports.store import (
    NEWEST_FIRST,
    Artifact,
    Batch,
    FloatColumn,
    IntColumn,
    Model,
    Order,
    Points,
    Position,
    RunFile,
    RunQuery,
    SeriesPoints,
    Store,
)
from trackboard.ports.target import Target, WorkerState

__all__ = [
    "NEWEST_FIRST",
    "Artifact",
    "Batch",
    "Blobs",
    "FloatColumn",
    "IntColumn",
    "Model",
    "Order",
    "Points",
    "Position",
    "RunFile",
    "RunQuery",
    "SeriesPoints",
    "Store",
    "Target",
    "WorkerState",
]
