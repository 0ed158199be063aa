"""Contracts between the core and what stores, keeps and runs things for it."""

from trackboard.ports.blobs import Blobs
from trackboard.ports.record_sink import RecordSink
from trackboard.ports.run_files import PlainFile, RunFiles, Unwritable
from trackboard.ports.spool_source import Shelf, Spool, SpoolSource, WriterProcess
from trackboard.ports.store.catalogue import CatalogueStore, EnvironmentVersion, Experiment, Model
from trackboard.ports.store.query import NEWEST_FIRST, Order, RunQuery
from trackboard.ports.store.queue import QueueStore
from trackboard.ports.store.runs import Artifact, RunFile, RunStore
from trackboard.ports.store.series import Points, SeriesStore
from trackboard.ports.store.store import Store, Unstorable
from trackboard.ports.store.stream import (
    Batch,
    FloatColumn,
    IntColumn,
    Position,
    Refused,
    SavedDefinitions,
    SeriesPoints,
    StreamStore,
)
from trackboard.ports.target import (
    Cluster,
    ComputeNode,
    Engine,
    Slotted,
    Target,
    TargetMachine,
    TargetSpec,
    WorkerState,
    WorkerStatus,
    worker_command,
)

__all__ = [
    "NEWEST_FIRST",
    "Artifact",
    "Batch",
    "Blobs",
    "CatalogueStore",
    "Cluster",
    "ComputeNode",
    "Engine",
    "EnvironmentVersion",
    "Experiment",
    "FloatColumn",
    "IntColumn",
    "Model",
    "Order",
    "PlainFile",
    "Points",
    "Position",
    "QueueStore",
    "RecordSink",
    "Refused",
    "RunFile",
    "RunFiles",
    "RunQuery",
    "RunStore",
    "SavedDefinitions",
    "SeriesPoints",
    "SeriesStore",
    "Shelf",
    "Slotted",
    "Spool",
    "SpoolSource",
    "Store",
    "StreamStore",
    "Target",
    "TargetMachine",
    "TargetSpec",
    "Unstorable",
    "Unwritable",
    "WorkerState",
    "WorkerStatus",
    "WriterProcess",
    "worker_command",
]
