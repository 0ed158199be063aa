"""Which kind of file system a folder lies on: of this machine alone, or of several.

Several machines: a database with shared memory (SQLite's WAL) is not safe there, and a lock of one
machine says nothing to another. Only types that are known to be of one machine count as local.
"""

from __future__ import annotations

import enum
import os
import re
from pathlib import Path
from typing import Iterator, Optional, Tuple

_LOCAL = frozenset(
    """
    apfs aufs bcachefs btrfs ecryptfs exfat ext2 ext3 ext4 f2fs fuseblk hfs hfsplus iso9660 jfs msdos
    nilfs2 ntfs ntfs3 overlay ramfs reiserfs rootfs squashfs tmpfs udf ufs vfat xfs zfs
    """.split()  # noqa: SIM905 - reads better than thirty quotes
)
_NETWORK = frozenset(
    """
    9p afpfs afs beegfs ceph cifs glusterfs gpfs lustre nfs nfs4 orangefs pvfs2 smb smb3 smbfs webdav
    fuse.beegfs fuse.ceph fuse.gcsfuse fuse.glusterfs fuse.juicefs fuse.rclone fuse.s3fs fuse.sshfs
    """.split()  # noqa: SIM905
)
_MOUNTS = Path("/proc/self/mounts")  # Linux
_MOUNT_COMMAND = "/sbin/mount"  # macOS, the BSDs
_MOUNT_LINE = r".*? on (.*) \((\w+)(.*)\)"
_ANSWER_S = 5.0  # that the command may take: a dead server must not hold us


class FileSystem(enum.Enum):
    """Who can have a folder's file system mounted."""

    LOCAL = "local"  # one machine: its kernel's locks are everybody's
    NETWORK = "network"  # several machines
    UNKNOWN = "unknown"  # a type that is not known here: expect the worst


def find_file_system(folder: Path, *, mounts: Optional[Path] = None) -> FileSystem:
    """Find out what kind of file system `folder` lies on, as far as the operating system tells.

    Args:
        folder: It need not exist yet; its nearest existing parent is asked about.
        mounts: A table of mounts in the form of fstab or of the command `mount`; None: the system's.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    real = os.path.realpath(folder)
    best, found = "", FileSystem.UNKNOWN
    for point, kind in _list_mounts(mounts):
        is_above = real == point or real.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= len(best):  # of two at one point the later covers the other
            best, found = point, kind
    return found


def is_network_folder(folder: Path, *, mounts: Optional[Path] = None) -> bool:
    """Whether `folder` is known to be on a network file system; see `find_file_system`."""
    return find_file_system(folder, mounts=mounts) is FileSystem.NETWORK


def _list_mounts(mounts: Optional[Path]) -> Iterator[Tuple[str, FileSystem]]:
    for line in _read_table(mounts).splitlines():
        told = re.fullmatch(_MOUNT_LINE, line)
        if told:
            yield told[1], _kind_of(told[2], is_local="local" in told[3].split(", "))
            continue
        _, point, kind, *_ = [*line.split(" "), "", ""]
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)
        yield point, _kind_of(kind, is_local=kind in _LOCAL)


def _kind_of(name: str, *, is_local: bool) -> FileSystem:
    if name in _NETWORK:
        return FileSystem.NETWORK
    return FileSystem.LOCAL if is_local else FileSystem.UNKNOWN


def _read_table(mounts: Optional[Path]) -> str:
    try:
        return (mounts or _MOUNTS).read_text("utf-8", "replace")
    except OSError:
        if mounts is not None:
            return ""
    import subprocess  # recording starts without it

    try:
        answer = subprocess.run(
            [_MOUNT_COMMAND], capture_output=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace")
