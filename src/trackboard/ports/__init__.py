"""Contracts between the core and what stores, keeps and runs things for it."""

from trackboard.ports.blobs import Blobs
from trackboard.ports.store.catalogue import (
    Artifact,
    EnvironmentVersion,
    Experiment,
    Model,
    RunFile,
)
from trackboard.ports.store.query import NEWEST_FIRST, Order, RunQuery
from trackboard.ports.store.store import Points, Store, Unstorable
from trackboard.ports.store.stream import (
    Batch,
    FloatColumn,
    IntColumn,
    Position,
    Refused,
    SavedDefinitions,
    SeriesPoints,
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
    "Refused",
    "RunFile",
    "RunQuery",
    "SavedDefinitions",
    "SeriesPoints",
    "Store",
    "Target",
    "Unstorable",
    "WorkerState",
    "WorkerStatus",
]
