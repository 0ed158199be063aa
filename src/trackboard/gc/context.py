"""What a garbage collection needs of a workspace; `trackboard.workspace` makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trackboard.layout import WorkspacePaths
from trackboard.ports import Blobs, SpoolSource, Store


@dataclass(frozen=True)
class GcContext:
    """The parts of a workspace that are looked at and freed.

    Attributes:
        paths: Where everything is.
        store: The history.
        blobs: Complete files.
        spools: What is recorded and not stored.
        drain: Stores everything that was said up to now.
    """

    paths: WorkspacePaths
    store: Store
    blobs: Blobs
    spools: SpoolSource
    drain: Callable[[], object]
