"""Who may read and write what lies in a workspace: its owner alone, or a group, whatever the umask.

The folder decides. A shared workspace's folder is 2770: set-group-ID and writable by the group. What is
made in such a folder takes its rights from the folder (files 0660, folders 2770) instead of the umask;
with a mode of its own, as 0600 of what holds secrets, it gets no more than that. In every other folder
the umask decides, as for any program; the workspace's own folder (0700) keeps all others out.

What a workspace's files are made with is one of these functions: tests/arch looks for others.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Optional, Union

PRIVATE_FOLDER = 0o700
SHARED_FOLDER = 0o2770
PRIVATE_FILE = 0o600
_MARK = stat.S_ISGID | stat.S_IWGRP

AnyPath = Union[str, "os.PathLike[str]"]


def is_shared(folder: AnyPath) -> bool:
    """Whether a folder hands its group's rights on to what is made in it."""
    return _group_rights(folder) is not None


def open_file(path: AnyPath, flags: int, mode: int = 0o666) -> int:
    """Open a file as `os.open` does; made by this call, it has the rights of its folder's files.

    Also the `opener` of the built-in `open`.

    Args:
        path: The file.
        flags: As for `os.open`; the descriptor is never inherited by other programs.
        mode: The most that it may have, when it is made.

    Returns:
        The file descriptor.
    """
    flags |= os.O_CLOEXEC
    if not flags & os.O_CREAT:
        return os.open(path, flags)
    rights = _group_rights(os.path.dirname(path) or os.curdir)
    fd = os.open(path, flags, mode)
    if rights is None:
        return fd
    try:
        _apply_mode(fd, mode & rights & 0o777)
    except BaseException:
        os.close(fd)
        raise
    return fd


def make_folder(path: AnyPath, *, parents: bool = True) -> None:
    """Make a folder, and those above it that are missing; one that is there stays as it is.

    Args:
        path: The folder.
        parents: Make those above it; False: refuse where the one above is missing.

    Raises:
        OSError: The disk refuses, or a file is in the way.
    """
    path = Path(path)
    if path.is_dir():
        return
    if parents:
        make_folder(path.parent)
    rights = _group_rights(path.parent)
    if rights is None:
        path.mkdir(exist_ok=True)
        return
    temporary = path.with_name(f".{os.urandom(8).hex()}")  # nobody sees it without its rights
    temporary.mkdir(PRIVATE_FOLDER)
    os.chmod(temporary, rights)
    try:
        temporary.rename(path)
    except OSError:
        temporary.rmdir()
        if not path.is_dir():  # nobody else was faster
            raise


def is_own(path: AnyPath) -> bool:
    """Whether a file is this user's, also on a file system that gives all files to somebody else.

    Args:
        path: The file; its folder can be written.
    """
    owner = os.stat(path).st_uid
    if owner == os.geteuid():
        return True
    trial = os.path.join(os.path.dirname(path) or os.curdir, f".{os.urandom(8).hex()}")
    os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))
    try:
        return os.stat(trial).st_uid == owner
    finally:
        os.unlink(trial)


def _group_rights(folder: AnyPath) -> Optional[int]:
    """The rights that a folder hands on; None: the umask decides."""
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    return mode | (mode & 0o700) >> 3 if mode & _MARK == _MARK else None


def _apply_mode(fd: int, mode: int) -> None:
    found = os.fstat(fd)
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
        with contextlib.suppress(
            PermissionError
        ):  # a file system whose mount decides for all files
            os.fchmod(fd, mode)
