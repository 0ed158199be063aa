"""Contracts between the core and what stores, keeps and runs things for it."""

from trackboard.ports.blobs import Blobs
from trackboard.ports.catalogue import (
    Artifact,
    EnvironmentVersion,
    Experiment,
    Model,
    RunFile,
)
from trackboard.ports.store import (
    NEWEST_FIRST,
    Batch,
    FloatColumn,
    IntColumn,
    Order,
    Points,
    Position,
    RunQuery,
    SeriesPoints,
    Store,
)
from trackboard.ports.target import Cluster, ComputeNode, Target, WorkerState, WorkerStatus

__all__ = [
    "NEWEST_FIRST",
    "Artifact",
    "Batch",
    "Blobs",
    "Cluster",
    "ComputeNode",
    "EnvironmentVersion",
    "Experiment",
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
    "WorkerStatus",
]
