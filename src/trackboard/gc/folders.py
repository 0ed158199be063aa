"""Folders of runs that were forgotten, working copies of jobs that have ended, files of killed processes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection
from pathlib import Path

from trackboard.gc.answers import Freed, GcReport
from trackboard.gc.context import GcContext
from trackboard.gc.sizes import measure
from trackboard.launch.context.working_copy import remove_work
from trackboard.layout import JobPaths
from trackboard.layout.reading import list_folder
from trackboard.model import Run, RunId

_SETTLED_S = 3600.0  # a worker may still be at its job's working copy
_LEFT_S = 86_400.0  # nobody writes a file for so long
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}|.+\.[0-9a-f]{8}\.new")
_ODD = "_"  # what the folder of a run begins with whose id is no file's name


def list_folders(context: GcContext, runs: Collection[RunId]) -> dict[RunId, list[Path]]:
    """Where runs have files of their own that go with them, by run."""
    paths, resumed = context.paths, _resumed(context)
    found = {}
    for run in runs:
        own = (paths.run(run), paths.job(run).folder)
        more = (each / own[0].name for each in resumed)
        found[run] = [path for path in (*own, *more) if os.path.lexists(path)]
    return found


def find_forgotten(context: GcContext) -> list[Path]:
    """Folders of runs that were forgotten: some that a killed collection left, or that came since."""
    paths = context.paths
    parents = (paths.runs, paths.jobs, *_resumed(context))
    folders = [entry for parent in parents for entry in list_folder(parent)]
    gone: set[str] = set(context.store.list_deleted([RunId(path.name) for path in folders]))
    odd = {path.name for path in folders if path.name.startswith(_ODD)}
    if odd:
        known = context.store.list_runs(deleted=None)
        gone |= odd - {paths.run(run.id).name for run in known}
    return [path for path in folders if path.name in gone]


def remove_folder(folder: Path, report: GcReport) -> None:
    """Remove a folder, also one that a script made read-only; what stays is noted."""
    if report.is_dry_run:
        return
    if left := remove_work(folder):
        report.notes.append(f"not all of {folder} could be removed: {left[0]}")


def free_working_copies(
    context: GcContext, report: GcReport, *, without: Collection[RunId]
) -> None:
    """Remove the working copies of jobs that have ended a while ago.

    Args:
        context: The workspace.
        report: Is told what was freed.
        without: Runs whose folders are freed as a whole.
    """
    copies = {RunId(path.name): JobPaths(path).work for path in list_folder(context.paths.jobs)}
    found = {run: path for run, path in copies.items() if path.is_dir()}
    for run in context.store.list_runs(ids=list(found), deleted=None):
        if run.id not in without and _is_settled(run):
            report.working_copies.add(measure(found[run.id]))
            remove_folder(found[run.id], report)


def free_leftovers(context: GcContext, report: GcReport) -> None:
    """Remove files that killed processes were writing."""
    freed: Freed = report.leftovers
    size_bytes = context.blobs.remove_leftovers(_LEFT_S, dry_run=report.is_dry_run)
    if size_bytes:
        freed.add(size_bytes)
    paths = context.paths
    for folder in (paths.folder, paths.snapshots, paths.snapshots / "known"):
        for path in list_folder(folder):
            if _TEMPORARY.fullmatch(path.name) and path.is_file() and _is_left(path):
                freed.add(measure(path))
                if not report.is_dry_run:
                    path.unlink(missing_ok=True)


def _is_settled(run: Run) -> bool:
    return run.state.is_terminal and (run.ended_s or 0.0) < time.time() - _SETTLED_S


def _is_left(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - _LEFT_S
    except FileNotFoundError:
        return False


def _resumed(context: GcContext) -> list[Path]:
    """The folder of outputs that jobs go on from, unless a job may need some that a forgotten run had."""
    return [] if context.store.list_jobs() else [context.paths.resumed]
