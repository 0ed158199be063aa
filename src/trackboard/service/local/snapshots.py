"""Snapshots in a workspace on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.launch.snapshot.manifest import Manifest, load_manifest
from trackboard.launch.snapshot.take import take_snapshot
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.service.contract.snapshots import Snapshots


class LocalSnapshots:
    """`Snapshots` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def take(self, folder: Path) -> str:
        """Keep a copy of a folder."""
        workspace = self._door.workspace
        return take_snapshot(folder, workspace.paths.snapshots, workspace.blobs).digest

    def get(self, digest: str) -> Manifest:
        """Return what is in a snapshot."""
        return load_manifest(self._door.workspace.paths.snapshots, Path(digest).name)


if TYPE_CHECKING:

    def _fits(part: LocalSnapshots) -> Snapshots:
        return part
