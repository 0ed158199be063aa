"""Files that are whole whenever anybody looks: written aside, then renamed."""

from __future__ import annotations

import contextlib
import os
from typing import Union

from trackboard.layout.modes import AnyPath, open_file


def replace_file(path: AnyPath, content: Union[str, bytes], *, mode: int = 0o666) -> None:
    """Write a file, or put other content into its place; readers see all of the one or of the other.

    Args:
        path: The file; its folder exists.
        content: All of it; text is written as UTF-8.
        mode: The most that the file may have; see `open_file`.
    """
    path = os.fspath(path)
    aside = os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}")
    data = content.encode() if isinstance(content, str) else content
    try:
        with open(open_file(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):  # it may not have come to be
            os.unlink(aside)
        raise
