"""`trackboard.toml`: what people may edit about a workspace."""

from __future__ import annotations

import os
import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trackboard.config.compute import ComputeSettings, read_compute
from trackboard.config.keys import check_keys
from trackboard.errors import Conflict, Unavailable, UsageError
from trackboard.layout import (
    ROOT,
    WorkspacePaths,
    create_file,
    group_name,
    is_shared,
    make_workspace_folder,
    owner_name,
    set_sharing,
)
from trackboard.layout.reading import read_parsed

FORMAT = 1
_LIMIT_BYTES = 1 << 20
_TEXT = """\
# Settings of this trackboard workspace. Deleting this folder deletes everything that is in it.
format = {format}
id = "{id}"

# store = "/local/disk/history.db"     # the database; put it on a local disk when this folder is shared
# network_folder = true                # say so when this folder's file system is not recognised as shared
# shared = true                        # this folder's group reads and writes, too: see docs/sharing.md
# allowed_hosts = ["board.example.org"]  # names of a proxy of yours that leads to its boards

# [compute.cpu-cluster]                # what one node of a compute target gives its job; each may be left out
# cpus = 2                             # instead of an equal share of this machine
# memory_gb = 4                        # a job that takes more is ended
# gpus = 1
"""
_KEYS: Mapping[str, object] = {
    "format": int,
    "id": str,
    "store": str,
    "network_folder": bool,
    "shared": bool,
    "allowed_hosts": list,
    "compute": dict,
}
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")  # names, IPv6


@dataclass(frozen=True)
class Settings:
    """What the file says."""

    format: int
    id: str
    store: str = ""  # path of the database; empty: trackboard.db beside this file
    network_folder: bool | None = None  # None: find out
    shared: bool | None = None  # with the folder's group; None: the folder's mode stays as it is
    allowed_hosts: tuple[
        str, ...
    ] = ()  # names under which a proxy leads to this workspace's boards
    compute: Mapping[str, ComputeSettings] = field(default_factory=dict)  # by name


def holds_workspace(folder: Path) -> bool:
    """Whether there is a workspace in a folder: its settings, or what was recorded for it.

    Raises:
        Unavailable: It is another user's, who keeps it private.
    """
    closed = _find_closed(folder)
    if closed is not None:
        raise Unavailable(
            f"the workspace {folder} is closed to you: {closed} belongs to user {owner_name(closed)}",
            hint="Ask for it to be shared: shared = true in its trackboard.toml (docs/sharing.md).",
        )
    return WorkspacePaths(folder).settings.exists() or WorkspacePaths(folder).spool.is_dir()


def _find_closed(folder: Path) -> Path | None:
    """The folder on the way to a workspace, or its own, that this user may not enter."""
    for part in (*reversed(folder.parents), folder):
        if not os.path.isdir(part):
            return None
        needed = os.X_OK | (os.R_OK if part == folder else 0)
        if not os.access(part, needed):
            return part
    return None


def make_workspace(folder: Path) -> bool:
    """Make a workspace's folder and its settings; whether this call was the one that made it.

    Any number of processes may call this at once for the same folder.

    Raises:
        Unavailable: The folder cannot be written, or is another user's who keeps it private.
    """
    settings = WorkspacePaths(folder).settings
    if holds_workspace(folder) and settings.exists():
        return False
    try:
        if not make_workspace_folder(folder) and not is_shared(folder):
            set_sharing(folder, shared=False)  # somebody made an empty folder for it
        if folder.parent.name == ROOT:
            create_file(folder.parent / ".gitignore", "*\n")
        return create_file(settings, _TEXT.format(format=FORMAT, id=uuid.uuid4()))
    except OSError as error:
        raise Unavailable(
            f"a workspace cannot be made in {folder}: {error.strerror}",
            hint="Name a folder that you can write to: TRACKBOARD_URI=/some/folder",
        ) from error


def read_settings(folder: Path) -> Settings:
    """Read the settings of an existing workspace.

    Raises:
        NotFound: There is none.
        UsageError: It is not TOML, or says something that is not known.
        Conflict: A newer trackboard wrote it.
    """
    path = WorkspacePaths(folder).settings
    content = read_parsed(path, "settings file", "TOML", tomllib.loads, _LIMIT_BYTES)
    written = content.get("format", FORMAT)
    if type(written) is int and written > FORMAT:
        raise Conflict(
            f"{path} has format {written}; this trackboard knows {FORMAT}",
            hint="Upgrade: pip install --upgrade trackboard",
        )
    check_keys(str(path), content, _KEYS)
    compute = read_compute(str(path), content.pop("compute", {}))
    hosts = _read_hosts(str(path), content.pop("allowed_hosts", []))
    return Settings(
        **{"format": FORMAT, "id": "", **content, "allowed_hosts": hosts, "compute": compute}
    )


def _read_hosts(where: str, hosts: list[object]) -> tuple[str, ...]:
    """Host names in lower case."""
    for host in hosts:
        if not isinstance(host, str) or not _HOST.fullmatch(host):
            raise UsageError(
                f"{where}: allowed_hosts has {host!r}, which is no host name",
                hint='Write names without a port: allowed_hosts = ["board.example.org"].',
            )
    return tuple(str(host).lower() for host in hosts)


def apply_sharing(folder: Path, settings: Settings) -> None:
    """Give a workspace to its folder's group, or to its owner alone, as its settings say.

    Only the owner's call does that; settings that say nothing leave all modes as they are.

    Raises:
        Unavailable: The system refuses.
    """
    if settings.shared is None:
        return
    try:
        set_sharing(folder, shared=settings.shared)
    except OSError as error:
        raise Unavailable(
            f"the workspace {folder} cannot be shared with the group {group_name(folder)}:"
            f" {error.strerror or error}: {error.filename}",
            hint=f"Give it to a group that you are in: chgrp -R GROUP {folder}",
        ) from error


class SettingsFile:
    """The settings of a workspace that stays open while people write to them.

    Args:
        folder: The workspace's.

    Raises:
        As `read_settings`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp = _stamp(folder)
        self._settings = read_settings(folder)

    def is_there(self) -> bool:
        """Whether the file is still where it was."""
        return os.path.exists(WorkspacePaths(self._folder).settings)

    def read(self) -> Settings:
        """What they say now; those that were read last when the folder was moved away.

        Raises:
            As `read_settings`.
        """
        stamp = _stamp(self._folder)
        if stamp not in (None, self._stamp):
            self._settings = read_settings(self._folder)
            self._stamp = stamp
        return self._settings


def _stamp(folder: Path) -> tuple[int, int, int] | None:
    try:
        found = WorkspacePaths(folder).settings.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
