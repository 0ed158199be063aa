"""What an interactive run leaves in its folder of outputs: kept when it ends."""

from __future__ import annotations

import os
from typing import Dict, Iterator, Tuple

from azureml.exceptions._tree import UserErrorException
from trackboard.record.conversion.file_name import path_of_metric

DEFAULT_FOLDER = "./outputs"
_Mark = Tuple[int, int, int]  # size, change time, inode


class OutputFolder:
    """A folder, made when it is missing, and what it held when the run began.

    Args:
        folder: Relative to the current folder, or absolute.

    Raises:
        UserErrorException: It cannot be made.
    """

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        inside = os.path.normpath(folder).replace(os.sep, "/")
        is_own = inside == path_of_metric(inside) and not os.path.isabs(folder)
        self._prefix = inside if is_own else os.path.basename(self._folder)
        try:
            os.makedirs(self._folder, exist_ok=True)
        except OSError as error:
            raise UserErrorException(
                f"the folder of outputs {folder!r} cannot be made: {error.strerror or error}."
                " Pass outputs=False, or another folder.",
                inner_exception=error,
            ) from error
        self._old: Dict[str, _Mark] = {location: mark for location, mark, _ in self._scan()}

    def fresh(self) -> Iterator[Tuple[str, str]]:
        """Files that came or changed since: path within the run, and place."""
        for location, mark, relative in self._scan():
            if self._old.get(location) != mark:
                path = f"{self._prefix}/{relative.replace(os.sep, '/')}"
                yield os.fsencode(path).decode("utf-8", "backslashreplace"), location

    def _scan(self) -> Iterator[Tuple[str, _Mark, str]]:
        for folder, folders, names in os.walk(self._folder):
            folders.sort()
            for name in sorted(names):
                location = os.path.join(folder, name)
                if os.path.isfile(location):
                    found = os.stat(location)
                    mark = (found.st_size, found.st_mtime_ns, found.st_ino)
                    yield location, mark, os.path.relpath(location, self._folder)
