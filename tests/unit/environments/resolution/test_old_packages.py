"""Packages whose setup.py imports pkg_resources, which newer versions of setuptools do not have."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trackboard.errors import UsageError

if TYPE_CHECKING:
    from tests.unit.environments.conftest import Index, Preparing

PROJECT = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools"\n'
BACKEND = """
def build_wheel(folder, config_settings=None, metadata_directory=None):
    import pkg_resources, zipfile
    with zipfile.ZipFile(folder + "/old-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("old.py", "version = 'old'")
        wheel.writestr("old-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: old\\nVersion: 1.0\\n")
        wheel.writestr("old-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("old-1.0.dist-info/RECORD", "")
    return "old-1.0-py3-none-any.whl"
"""


def add_setuptools(index: Index, version: str, *, has_pkg_resources: bool) -> None:
    """Something of that name that builds our package, and nothing else."""
    with zipfile.ZipFile(index.add("setuptools", version), "a") as wheel:
        wheel.writestr("setuptools/__init__.py", BACKEND)
        if has_pkg_resources:
            wheel.writestr("pkg_resources.py", "")


def add_source(index: Index, name: str) -> None:
    files = {
        "pyproject.toml": PROJECT,
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    }
    with tarfile.open(index.folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text)
            archive.addfile(entry, BytesIO(text.encode()))


@pytest.fixture
def old(index: Index) -> Index:
    add_setuptools(index, "99.0", has_pkg_resources=False)
    add_source(index, "old")
    return index


def test_it_is_built_with_a_setuptools_of_its_age(old: Index, preparing: Preparing) -> None:
    add_setuptools(old, "80.0", has_pkg_resources=True)
    prepared = preparing.done("old")

    assert "a package of old is built with a setuptools of its age" in preparing.logged
    assert not [*Path(prepared.python).parents[3].glob(".*")]
    program = [prepared.python, "-c", "import old; print(old.version)"]
    assert subprocess.run(program, capture_output=True, timeout=60, check=True).stdout == b"old\n"


@pytest.mark.usefixtures("old")
def test_without_one_uvs_own_words_say_why(preparing: Preparing) -> None:
    with pytest.raises(UsageError, match=r"setuptools<81"):
        preparing("old")
