"""Snapshots in the workspace: taken of a folder, given back as a zip file."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Optional

from azureml.exceptions._tree import SnapshotException, sdk_errors
from trackboard.layout import replacing

if TYPE_CHECKING:
    from trackboard.service import Service

_LINK = 0o120777  # the file mode of a symbolic link
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same snapshot is the same file


@contextlib.contextmanager
def kept_files(service: Service) -> Iterator[None]:
    """Keep files that are put within the `with` block until something names them."""
    with contextlib.ExitStack() as stack:
        with sdk_errors():
            stack.enter_context(service.files.kept())
        yield


def keep_folder(service: Service, folder: str) -> str:
    """Take a snapshot; returns its id."""
    with sdk_errors(SnapshotException):
        return service.snapshots.take(Path(folder))


def write_zip(service: Service, digest: str, folder: Optional[str]) -> str:
    """Write `<digest>.zip` to a folder, aside and renamed; returns where it is."""
    with sdk_errors(SnapshotException):
        manifest = service.snapshots.get(digest)
    home = os.path.abspath(folder or tempfile.mkdtemp(prefix="snapshot-"))
    target = os.path.join(home, f"{digest}.zip")
    try:
        os.makedirs(home, exist_ok=True)
        with replacing(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in manifest.folders:
                archive.writestr(_entry(f"{path}/", 0o40755), b"")
            for each in manifest.files:
                entry = _entry(each.path, 0o100000 | each.mode)
                entry.file_size = each.size_bytes
                with (
                    service.files.open_content(each.key) as source,
                    archive.open(entry, "w") as sink,
                ):
                    shutil.copyfileobj(source, sink, 1 << 20)
            for link in manifest.links:
                archive.writestr(_entry(link.path, _LINK), link.target)
    except OSError as error:
        raise SnapshotException(
            f"the snapshot {digest} cannot be written to {home!r}: {error.strerror or error}",
            inner_exception=error,
        ) from error
    return target


def _entry(path: str, mode: int) -> zipfile.ZipInfo:
    printable = os.fsencode(path).decode("utf-8", "backslashreplace")
    entry = zipfile.ZipInfo(printable, _EPOCH)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
