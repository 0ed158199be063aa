"""The working copy of a job: the folder in which its script runs, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.snapshot.manifest import load_manifest, restore
from trackboard.layout import LOGS, OUTPUTS, make_folder
from trackboard.model import JobPlan


def make_work(
    context: WorkerContext, plan: JobPlan, is_canceled: Callable[[], bool] = lambda: False
) -> bool:
    """Restore the snapshot of a job, with `logs` and `outputs` in it.

    Returns:
        Whether all of it is there; not when it was canceled.
    """
    work = context.paths.job(plan.run).work
    remove_work(work)  # of an earlier attempt
    manifest = load_manifest(context.paths.snapshots, plan.snapshot)
    if not restore(context.blobs, manifest, work, is_canceled):
        return False
    for name in (LOGS, OUTPUTS):
        make_folder(work / name)
    return True


def remove_work(work: Path) -> list[str]:
    """Remove a working copy, also one whose folders the script made read-only, or removed itself.

    Returns:
        What could not be removed, and why.
    """
    if not _remove(work):
        return []
    _make_writable(work)
    return _remove(work)


def _remove(work: Path) -> list[str]:
    left: list[str] = []

    def note(_function: object, path: str, error: tuple[object, BaseException, object]) -> None:
        if not isinstance(error[1], FileNotFoundError):
            left.append(f"{path}: {error[1]}")

    shutil.rmtree(work, onerror=note)
    return left


def _make_writable(work: Path) -> None:
    locations = [os.fspath(work)]
    while locations:
        location = locations.pop()
        with suppress(OSError):  # whatever stays closed is named when it cannot be removed
            os.chmod(location, 0o700)
            with os.scandir(location) as entries:
                locations += [
                    entry.path for entry in entries if entry.is_dir(follow_symlinks=False)
                ]
