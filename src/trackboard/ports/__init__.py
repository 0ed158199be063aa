"""Contracts between the core and what stores, keeps and runs things for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
    from trackboard.ports.blobs import Blobs
    from trackboard.ports.record_sink import RecordSink
    from trackboard.ports.run_files import PlainFile, RunFiles, Unwritable
    from trackboard.ports.spool_source import Spool, SpoolArea, SpoolSource, WriterProcess
    from trackboard.ports.store.catalogue import (
        CatalogueStore,
        EnvironmentVersion,
        Experiment,
        Model,
    )
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
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "blobs": ("Blobs",),
            "record_sink": ("RecordSink",),
            "run_files": ("PlainFile", "RunFiles", "Unwritable"),
            "spool_source": ("SpoolArea", "Spool", "SpoolSource", "WriterProcess"),
            "store.catalogue": ("CatalogueStore", "EnvironmentVersion", "Experiment", "Model"),
            "store.query": ("NEWEST_FIRST", "Order", "RunQuery"),
            "store.queue": ("QueueStore",),
            "store.runs": ("Artifact", "RunFile", "RunStore"),
            "store.series": ("Points", "SeriesStore"),
            "store.store": ("Store", "Unstorable"),
            "store.stream": (
                "Batch",
                "FloatColumn",
                "IntColumn",
                "Position",
                "Refused",
                "SavedDefinitions",
                "SeriesPoints",
                "StreamStore",
            ),
            "target": (
                "Cluster",
                "ComputeNode",
                "Engine",
                "Slotted",
                "Target",
                "TargetMachine",
                "TargetSpec",
                "WorkerState",
                "WorkerStatus",
                "worker_command",
            ),
        },
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
    "Slotted",
    "Spool",
    "SpoolArea",
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
