"""One garbage collection, from top to bottom."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from itertools import islice

from trackboard.errors import Unavailable
from trackboard.gc import folders, named
from trackboard.gc.answers import GcReport
from trackboard.gc.context import GcContext
from trackboard.gc.sizes import measure
from trackboard.layout.files_lock import free_files
from trackboard.layout.locks import FileLock
from trackboard.model import Run, RunId, RunState
from trackboard.ports import Blob

Progress = Callable[[str, int, int], None]  # what is freed; how many are done, of how many

_LOCK_TIMEOUT_S = 30.0
_TRANSACTION_S = 0.1  # a write keeps all others waiting
_MANY_RUNS = (
    1 / 8
)  # of those that are left: the database is written anew after so many are forgotten
_SLICE = 500  # files that are freed while everybody waits


def collect(
    context: GcContext,
    *,
    older_than_s: float,
    dry_run: bool = False,
    progress: Progress = lambda _what, _done, _all: None,
    lock_timeout_s: float = _LOCK_TIMEOUT_S,
) -> GcReport:
    """Forget what has been in the trash for a while, and free what nothing names any more.

    Args:
        context: The workspace.
        older_than_s: For how many seconds runs have been in the trash that are forgotten.
        dry_run: Free nothing, and say what would be freed.
        progress: Is told how far it is.
        lock_timeout_s: How long another process that holds a lock is waited for.

    Raises:
        Unavailable: The database cannot be written, or another process holds a lock for longer.
    """
    report = GcReport(is_dry_run=dry_run)
    context.drain()
    before_s = time.time() - older_than_s
    expired = _list_expired(context, before_s, report)
    if dry_run:
        gone = expired
    else:
        gone = _forget(context, expired, before_s, progress)
        report.experiments = context.store.remove_experiments(deleted_before_s=before_s)
        context.drain()  # from here on nobody writes files of these runs
    _free_folders(context, gone, report)
    folders.free_working_copies(context, report, without=gone)
    folders.free_leftovers(context, report)
    without = expired if dry_run else ()
    try:
        kept = _free_snapshots(context, report, without, lock_timeout_s)
        _free_blobs(context, report, kept, without, progress, lock_timeout_s)
    except Unavailable as error:
        report.notes.append(f"not all files were freed: {error.message}")
    if not dry_run:
        _shrink(context, report)
    return report


# -- runs ---------------------------------------------------------------------------------------------


def _list_expired(context: GcContext, before_s: float, report: GcReport) -> tuple[RunId, ...]:
    trash = context.store.list_runs(deleted=True)
    old = [run for run in trash if run.deleted_s is not None and run.deleted_s < before_s]
    going_on = [run for run in old if not _is_over(run)]
    if going_on:
        report.notes.append(
            f"{len(going_on)} in the trash have not ended, such as {going_on[0].experiment}/"
            f"{going_on[0].name} ({going_on[0].id})"
        )
    if len(old) < len(trash):
        report.notes.append(
            f"{len(trash) - len(old)} are in the trash for a shorter time: --older-than 0 frees all"
        )
    return tuple(run.id for run in old if _is_over(run))


def _is_over(run: Run) -> bool:
    is_stub = run.number == 0 and run.state is RunState.NOT_STARTED
    return run.state.is_terminal or is_stub


def _forget(
    context: GcContext, expired: Collection[RunId], before_s: float, progress: Progress
) -> tuple[RunId, ...]:
    """Forget runs for good, a few at a time: in the meantime others write."""
    gone: list[RunId] = []
    rest, done, count = iter(expired), 0, 1
    while piece := tuple(islice(rest, count)):
        begin_s = time.monotonic()
        gone += context.store.remove_runs(piece, deleted_before_s=before_s)
        done += len(piece)
        progress("runs", done, len(expired))
        took_s = time.monotonic() - begin_s
        count = max(1, min(2 * count, int(count * _TRANSACTION_S / max(took_s, 1e-6))))
    return tuple(gone)


def _free_folders(context: GcContext, gone: Collection[RunId], report: GcReport) -> None:
    for found in folders.list_folders(context, gone).values():
        report.runs.add(sum(map(measure, found)))
        for folder in found:
            folders.remove_folder(folder, report)
    for folder in folders.find_forgotten(context):
        report.leftovers.add(measure(folder))
        folders.remove_folder(folder, report)


# -- files that nothing names -------------------------------------------------------------------------


def _free_snapshots(
    context: GcContext, report: GcReport, without: Collection[RunId], lock_timeout_s: float
) -> dict[str, frozenset[str]]:
    """Remove the manifests of snapshots that nothing names.

    Returns:
        The keys of each that stays, by digest.
    """
    found = named.list_snapshots(context)
    kept = _named_snapshots(context, without)
    unnamed = [digest for digest in found if digest not in kept]
    if unnamed:
        with contextlib.ExitStack() as stack:
            if not report.is_dry_run:
                stack.enter_context(_alone(context, lock_timeout_s))
                kept = _named_snapshots(context, without)  # one may be named since
            for digest in unnamed:
                if digest in kept:
                    continue
                path = found.pop(digest)
                report.snapshots.add(measure(path))
                if not report.is_dry_run:
                    path.unlink(missing_ok=True)
    return {digest: named.read_keys(path) for digest, path in found.items()}


def _named_snapshots(context: GcContext, without: Collection[RunId]) -> frozenset[str]:
    return named.list_named_snapshots(context, without=without) | named.read_waiting_digests(
        context
    )


def _free_blobs(
    context: GcContext,
    report: GcReport,
    snapshots: dict[str, frozenset[str]],
    without: Collection[RunId],
    progress: Progress,
    lock_timeout_s: float,
) -> None:
    """Remove the blobs that nothing names: found while others go on, and looked at once more alone."""
    keys = context.store.list_keys(without=without).union(*snapshots.values())
    waiting = named.read_waiting_digests(context)
    unnamed = [
        blob
        for blob in context.blobs.iter_blobs()
        if blob.key not in keys and _digest(blob) not in waiting
    ]
    if report.is_dry_run:
        for blob in unnamed:
            report.files.add(blob.size_bytes)
        return
    seen = dict(snapshots)
    for begin in range(0, len(unnamed), _SLICE):
        piece = unnamed[begin : begin + _SLICE]
        with _alone(context, lock_timeout_s):
            for blob in _still_unnamed(context, piece, seen):
                context.blobs.delete(blob.key)
                report.files.add(blob.size_bytes)
        progress("files", begin + len(piece), len(unnamed))


def _still_unnamed(
    context: GcContext, piece: Collection[Blob], seen: dict[str, frozenset[str]]
) -> list[Blob]:
    """Those of some blobs that nothing names now; `seen` has the snapshots that do not name them."""
    keys = set(context.store.list_keys(among=[blob.key for blob in piece]))
    waiting = named.read_waiting_digests(context)
    for digest, path in named.list_snapshots(context).items():
        if digest not in seen:
            seen[digest] = named.read_keys(path)
    for each in seen.values():
        keys |= each
    return [blob for blob in piece if blob.key not in keys and _digest(blob) not in waiting]


def _digest(blob: Blob) -> str:
    return blob.key.partition(":")[2]


@contextlib.contextmanager
def _alone(context: GcContext, timeout_s: float) -> Iterator[None]:
    """Keep everybody from naming files, for the length of the `with` block.

    Raises:
        Unavailable: Another process holds one of the two locks for longer.
    """
    lock = FileLock(context.paths.lock)
    with free_files(context.paths, timeout_s), lock.hold(timeout_s) as is_held:
        if not is_held:
            raise Unavailable(
                f"the workspace {context.paths.folder} is locked by {lock.holder()}",
                hint="Look at that process, or end it.",
            )
        yield


def _shrink(context: GcContext, report: GcReport) -> None:
    try:
        left = len(context.store.list_runs(deleted=None))
        always = report.runs.count > left * _MANY_RUNS
        report.database_bytes = context.store.shrink(always=always)
    except Unavailable as error:
        report.notes.append(f"{error.message}. {error.hint}")
