"""The folder that a snapshot is taken of."""

from __future__ import annotations

from pathlib import Path

from trackboard.errors import UsageError
from trackboard.layout.safe_paths import given_path


def existing_folder(source: Path) -> Path:
    """Resolve the path of a source folder.

    Raises:
        UsageError: It is none.
    """
    if given_path(source).is_dir():
        return source.resolve()
    what = "is not a folder" if source.exists() else "does not exist"
    raise UsageError(
        f"the source folder {str(source)!r} {what} (looked from {Path.cwd()})",
        hint="Pass the folder that holds the script, for example source_directory='.'.",
    )
