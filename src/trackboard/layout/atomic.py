"""Files that are whole whenever anybody looks: written aside, then renamed; the one place that does so."""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO, Iterator, Union

from trackboard.layout.modes import AnyPath, open_file

_NAME_LENGTH = 50  # of a file's name, kept in that of the file beside it


def replace_file(path: AnyPath, content: Union[str, bytes], *, mode: int = 0o666) -> None:
    """Write a file, or put other content into its place; readers see all of the one or of the other.

    Args:
        path: The file; its folder exists.
        content: All of it; text is written as UTF-8.
        mode: The most that the file may have; see `open_file`.
    """
    with replacing(path, mode=mode) as file:
        file.write(_encoded(content))


@contextlib.contextmanager
def replacing(path: AnyPath, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a file beside `path`, which takes its place at the end of the block, unless the block raises.

    Args:
        path: The file; its folder exists.
        mode: The most that the file may have; see `open_file`.

    Yields:
        The new file, for writing.
    """
    path = os.fspath(path)
    temporary = _temporary(path)
    try:
        with open(open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):  # it may not have come to be
            os.unlink(temporary)
        raise


def create_file(path: AnyPath, content: Union[str, bytes]) -> bool:
    """Write a whole file unless there is one.

    Args:
        path: The file; its folder exists.
        content: All of it; text is written as UTF-8.

    Returns:
        Whether this call wrote it.
    """
    path = os.fspath(path)
    temporary = _temporary(path)
    data = _encoded(content)
    with open(temporary, "xb", opener=open_file) as file:
        file.write(data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        with contextlib.suppress(FileExistsError), open(path, "xb", opener=open_file) as file:
            file.write(data)
            return True
        return False
    finally:
        os.unlink(temporary)
    return True


def _temporary(path: str) -> str:
    folder, name = os.path.split(path)  # `sharing` tells by the name what is secret
    return os.path.join(folder, f".{name[:_NAME_LENGTH]}.{os.urandom(8).hex()}")


def _encoded(content: Union[str, bytes]) -> bytes:
    return content.encode() if isinstance(content, str) else content
