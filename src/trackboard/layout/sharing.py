"""A workspace's folder: its owner's alone (0700), or its group's as well (2770)."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import Iterator

from trackboard.layout.modes import (
    PRIVATE_FOLDER,
    SHARED_FOLDER,
    AnyPath,
    is_shared,
    make_folder,
    open_file,
)
from trackboard.layout.paths import WorkspacePaths
from trackboard.layout.root import ROOT

_CLOSED_FOLDER = 0o2720  # hands its rights on already, and lets nobody of the group in yet
# As they are made.
_SECRET = r"boards/.*|\.?board-token-.*|jobs/[^/]+/\.?plan\.json.*|ray/\.?probe-.*"


def make_workspace_folder(folder: Path) -> bool:
    """Make the folder of a workspace, for its owner alone, whatever the umask.

    Returns:
        Whether it was made; one that is there stays as it is.

    Raises:
        OSError: The disk refuses, or a file is in the way.
    """
    if folder.is_dir():
        return False
    make_folder(folder.parent)
    try:
        folder.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    _change_mode(folder, PRIVATE_FOLDER)
    return True


def set_sharing(folder: Path, *, shared: bool) -> bool:
    """Give the folder's group a workspace, with all that is in it, or its owner alone.

    What another user made stays as it is: only that user may change its rights.

    Args:
        folder: The workspace's.
        shared: Whether the group reads and writes.

    Returns:
        Whether that was changed: it is not where that is so already, on a disk that is read-only or has
        no modes, and for anybody but the folder's owner.

    Raises:
        OSError: The system refuses to change what is in it.
    """
    found = folder.stat()
    if found.st_uid != os.geteuid():
        return False
    if not shared:
        return _change_mode(folder, PRIVATE_FOLDER)
    if stat.S_IMODE(found.st_mode) == SHARED_FOLDER and not _is_of_another_group(folder):
        return False
    if not _change_mode(folder, _CLOSED_FOLDER):
        return False
    for path in _list_below(folder):
        if not re.fullmatch(_SECRET, os.path.relpath(path, folder)):
            with contextlib.suppress(FileNotFoundError):  # a workspace that is in use
                give_to_group(path, found.st_gid)
    os.close(
        open_file(WorkspacePaths(folder).lock, os.O_RDWR | os.O_CREAT)
    )  # whole before anybody needs it
    folder.chmod(SHARED_FOLDER)  # last: who comes in finds all of it open
    if folder.parent.name == ROOT:
        _allow_traversal(folder.parent)
    return True


def give_to_group(path: AnyPath, group: int) -> None:
    """Let a group do with a file or folder of this user what its owner may, and nobody else anything."""
    found = os.lstat(path)
    if found.st_uid != os.geteuid() or stat.S_ISLNK(found.st_mode):
        return
    if found.st_gid != group:
        os.chown(path, -1, group)
    owners = found.st_mode & 0o700
    mark = stat.S_ISGID if stat.S_ISDIR(found.st_mode) else 0
    wanted = owners | owners >> 3 | mark
    if stat.S_IMODE(found.st_mode) != wanted:
        os.chmod(path, wanted)


def describe_others(folder: Path) -> str:
    """Who else may read a workspace, in words; empty when nobody but its owner may."""
    found = folder.stat()
    above = [parent.stat() for parent in folder.resolve().parents]
    if all(each.st_mode & stat.S_IXOTH for each in (found, *above)):
        return "every user of this machine"
    if all(_admits_group(each, found.st_gid) for each in (found, *above)):
        return f"the group {group_name(folder)}"
    return ""


def group_name(folder: Path) -> str:
    """The name of a folder's group; its number where it has none."""
    import grp  # recording starts without these two

    number = folder.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def owner_name(folder: Path) -> str:
    """The name of the user that a folder belongs to; the number where it has none."""
    import pwd

    number = folder.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _admits_group(folder: os.stat_result, group: int) -> bool:
    bit = stat.S_IXGRP if folder.st_gid == group else stat.S_IXOTH
    return bool(folder.st_mode & bit)


def _allow_traversal(folder: Path) -> None:
    found = folder.stat()
    if found.st_uid == os.geteuid():
        _change_mode(folder, stat.S_IMODE(found.st_mode) | stat.S_IXGRP | stat.S_IXOTH)


def _is_of_another_group(folder: Path) -> bool:
    """Whether somebody gave the folder to another group since it was shared."""
    lock = WorkspacePaths(folder).lock
    return not lock.exists() or lock.stat().st_gid != folder.stat().st_gid or not is_shared(folder)


def _list_below(folder: Path) -> Iterator[str]:
    """Everything below a folder: each folder before what is in it, so that new files are seen, too."""
    locations = [os.fspath(folder)]
    while locations:
        try:
            with os.scandir(locations.pop()) as entries:
                found = list(entries)
        except (FileNotFoundError, PermissionError):  # it has just gone; another user's
            continue
        for entry in found:
            yield entry.path
            if entry.is_dir(follow_symlinks=False):
                locations.append(entry.path)


def _change_mode(folder: Path, mode: int) -> bool:
    """Give a folder a mode that it does not have; whether it has it now."""
    if stat.S_IMODE(folder.stat().st_mode) == mode:
        return False
    with contextlib.suppress(
        OSError
    ):  # read-only, or a file system whose mount decides for all files
        folder.chmod(mode)
    return stat.S_IMODE(folder.stat().st_mode) == mode
