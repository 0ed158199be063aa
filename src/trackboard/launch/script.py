"""The script that a job runs: a file below its source folder, named by its path within that."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from trackboard.errors import UsageError
from trackboard.launch.snapshot.source_folder import existing_folder
from trackboard.layout.safe_paths import given_path


def find_script(source: Path, script: str) -> str:
    """Find the script in the source folder.

    Returns:
        Its posix path within that folder.

    Raises:
        UsageError: It is not there, or outside.
    """
    folder = Path(os.path.abspath(given_path(source)))
    location = Path(os.path.abspath(folder / given_path(script)))
    if not script or not location.is_relative_to(folder):
        raise UsageError(
            f"the script {script!r} is outside of the source folder {str(folder)!r}",
            hint="Only that folder is copied to the job: move the script there, or pass the folder"
            f" that holds both, for example source_directory={os.path.commonpath([folder, location])!r}.",
        )
    existing_folder(source)
    if not location.is_file():
        raise UsageError(
            f"there is no script {script!r} in the source folder {str(folder)!r}",
            hint=_nearest(script, _scripts(folder)),
        )
    return location.relative_to(folder).as_posix()


def _scripts(folder: Path) -> Iterable[str]:
    """Names of scripts near the top of a folder, at most a few hundred looked at."""
    locations = [
        location
        for pattern in ("*.py", "*/*.py")
        for location in sorted(folder.glob(pattern))[:300]
    ]
    return [location.relative_to(folder).as_posix() for location in locations]


def _nearest(script: str, names: Iterable[str]) -> str:
    names = list(names)
    near = difflib.get_close_matches(script, names, n=3, cutoff=0.5) or sorted(names)[:3]
    if not near:
        return "There is no .py file in that folder; is it the right one?"
    return f"Did you mean {' or '.join(map(repr, near))}?"
