"""What names files: whatever is named here is never freed.

A blob is named by a file or an artifact of a run (also of one in the trash), by a model, by the manifest of
a snapshot that stays, and by records that are not stored yet. A snapshot is named by a property of a run, by
the plan of a job that waits, and by such records. Whoever keeps a key or a digest elsewhere adds it here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from trackboard.errors import TrackboardError
from trackboard.gc.context import GcContext
from trackboard.launch.context.plan_file import load_plan
from trackboard.layout.reading import read_bytes
from trackboard.model import SNAPSHOT_ID, RunId
from trackboard.ports import Position, Spool, SpoolArea

_DIGEST = re.compile(rb"[0-9a-f]{64}")
_KEY = re.compile(rb"sha256:[0-9a-f]{64}")
_PIECE_BYTES = 4 << 20
_OVERLAP_BYTES = 128  # a digest is found on the border of two pieces, too
_MANIFEST_BYTES = 1 << 30


def read_waiting_digests(context: GcContext) -> frozenset[str]:
    """Every digest in what is recorded and not stored: of files, of snapshots, whatever it is about.

    Bytes are searched, not records: what cannot be stored, or is of a newer version, keeps its files too.
    """
    found: set[bytes] = set()
    positions = context.store.positions()
    for spool in _list_spools(context):
        position = positions.get(spool.writer) or context.store.position(spool.writer)
        for piece in _iter_bytes(spool, position):
            found.update(_DIGEST.findall(piece))
    for refused in context.store.list_refused():
        found.update(_DIGEST.findall(refused.data))
    return frozenset(digest.decode() for digest in found)


def list_named_snapshots(context: GcContext, *, without: Collection[RunId] = ()) -> frozenset[str]:
    """Digests of the snapshots that runs and waiting jobs name.

    Args:
        context: The workspace.
        without: As if these runs were forgotten.
    """
    named = context.store.list_property(SNAPSHOT_ID)
    found = {Path(digest).stem for run, digest in named.items() if run not in without}
    for job in context.store.list_jobs():
        try:
            found.add(load_plan(context.paths.job(job.run)).snapshot)
        except TrackboardError:
            continue  # another user's: its run says which snapshot it is
    return frozenset(found)


def list_snapshots(context: GcContext) -> dict[str, Path]:
    """The manifests of all snapshots by digest."""
    return {path.stem: path for path in context.paths.snapshots.glob("*.json")}


def read_keys(manifest: Path) -> frozenset[str]:
    """The keys in a manifest; none of one that is gone. A damaged one keeps what can still be read in it."""
    try:
        data = read_bytes(manifest, "snapshot", _MANIFEST_BYTES)
    except TrackboardError:
        if manifest.exists():
            raise
        return frozenset()
    return frozenset(key.decode() for key in _KEY.findall(data))


def _list_spools(context: GcContext) -> Iterator[Spool]:
    yield from context.spools.list_spools().values()
    for area in SpoolArea:
        yield from context.spools.list_set_aside(area).values()


def _iter_bytes(spool: Spool, position: Position) -> Iterator[bytes]:
    """What a spool holds behind a position, in pieces that overlap."""
    for segment in spool.list_segments(begin=position.segment):
        offset = position.offset if segment.number == position.segment else 0
        end = b""
        while piece := spool.read(segment.number, offset, _PIECE_BYTES):
            yield end + piece
            end = piece[-_OVERLAP_BYTES:]
            offset += len(piece)
