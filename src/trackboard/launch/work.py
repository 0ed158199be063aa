"""The working copy of a job: the folder in which its script runs, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from trackboard.launch.manifest import load_manifest, restore
from trackboard.launch.place import LOGS, OUTPUTS, SNAPSHOTS, WORK, Place
from trackboard.model import JobPlan


def make_work(place: Place, plan: JobPlan) -> Path:
    """Restore the snapshot of a job.

    Returns:
        The folder, with `logs` and `outputs` in it.
    """
    work = place.job_folder(plan.run) / WORK
    remove_work(work)  # of an earlier attempt
    restore(place.blobs, load_manifest(place.folder / SNAPSHOTS, plan.snapshot), work)
    for name in (LOGS, OUTPUTS):
        (work / name).mkdir(exist_ok=True)
    return work


def remove_work(work: Path) -> list[str]:
    """Remove a working copy, also one whose folders the script made read-only, or removed itself.

    Returns:
        What could not be removed, and why.
    """
    left: list[str] = []

    def again(remove: Callable[..., object], path: str, error: BaseException) -> None:
        if isinstance(error, FileNotFoundError):
            return
        try:
            for folder in (os.path.dirname(path), path):
                if os.path.isdir(folder) and not os.path.islink(folder):
                    os.chmod(folder, 0o700)
            if remove in (os.open, os.scandir, os.listdir):
                shutil.rmtree(path)
            else:
                remove(path)
        except OSError as exc:
            left.append(f"{path}: {exc.strerror or exc}")

    shutil.rmtree(work, onerror=lambda remove, path, info: again(remove, path, info[1]))
    return left
