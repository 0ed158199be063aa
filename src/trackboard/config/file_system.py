"""Whether a folder lies on a file system that several machines share.

There a database with shared memory (SQLite's WAL) is not safe, and locks may not mean what they say.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_SHARED = frozenset(
    """
    9p afpfs afs beegfs ceph cifs glusterfs gpfs lustre nfs nfs4 orangefs pvfs2 smb smb3 smbfs webdav
    fuse.beegfs fuse.ceph fuse.gcsfuse fuse.glusterfs fuse.juicefs fuse.rclone fuse.s3fs fuse.sshfs
    """.split()  # noqa: SIM905 - reads better than thirty quotes
)


def is_network_folder(folder: Path, *, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether `folder` is on a network file system, as far as the system tells.

    Args:
        folder: It need not exist yet; its nearest existing parent is asked about.
        mounts: The table of mounts in fstab's form; absent (macOS): False.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    real = os.path.realpath(folder)
    best, kind = "", ""
    try:
        table = mounts.read_text("utf-8", "replace")
    except OSError:
        return False
    for line in table.splitlines():
        _, point, file_system, *_ = [*line.split(" "), "", ""]
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)
        is_above = real == point or real.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= len(best):
            best, kind = point, file_system
    return kind in _SHARED
