"""Wheels that a workspace keeps for its environments."""

from __future__ import annotations

import shutil
from pathlib import Path

from azureml.exceptions import UserErrorException
from trackboard.layout import make_folder, replacing


def keep_wheel(folder: Path, file_path: str, *, replace: bool) -> str:
    """Copy a wheel into the folder where a workspace keeps them.

    Returns:
        Its address, which is a requirement of pip.

    Raises:
        UserErrorException: It is no wheel, or there is one of that name.
    """
    source = Path(file_path).absolute()
    if source.suffix != ".whl" or not source.is_file():
        raise UserErrorException(f"{str(source)!r} is no wheel: a file whose name ends in .whl.")
    kept = folder / source.name
    if kept.exists() and not replace:
        raise UserErrorException(
            f"The workspace keeps a wheel {source.name!r} already. Pass exist_ok=True to replace it."
        )
    try:
        make_folder(kept.parent)
        with open(source, "rb") as read, replacing(kept) as copy:
            shutil.copyfileobj(read, copy)
    except OSError as error:
        raise UserErrorException(
            f"{str(source)!r} cannot be kept in {str(kept.parent)!r}: {error.strerror or error}",
            inner_exception=error,
        ) from error
    return kept.as_uri()
