"""This trackboard as a zip, which Ray unpacks on a node once: nodes run exactly what submits."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGES = ("trackboard", "azureml")
_TIME = (1980, 1, 1, 0, 0, 0)  # the same content is the same zip


@dataclass(frozen=True)
class Package:
    """A zip, named by its content in the form that Ray knows."""

    name: str
    data: bytes = field(repr=False)

    @property
    def uri(self) -> str:
        """How a `runtime_env` names it."""
        return f"gcs://{self.name}"


@functools.cache
def own_package() -> Package:
    """The zip of this installation; made once a process, in a few hundredths of a second."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, file in _files():
            archive.writestr(zipfile.ZipInfo(path, _TIME), file.read_bytes(), zipfile.ZIP_DEFLATED)
    data = held.getvalue()
    return Package(f"_ray_pkg_{hashlib.sha256(data).hexdigest()[:32]}.zip", data)


def _files() -> Iterator[tuple[str, Path]]:
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)  # which imports nothing
        for folder in spec.submodule_search_locations or () if spec else ():
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield f"{package}/{file.relative_to(folder).as_posix()}", file
