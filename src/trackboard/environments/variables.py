"""The variables that make a job's processes use its interpreter, and record with this trackboard."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

TENSORFLOW_V1 = "TRACKBOARD_TENSORFLOW_V1"

_PACKAGES = ("trackboard", "azureml")  # what a job may import of the folder that holds ours
_OURS = Path(__file__).parents[1]  # the package trackboard
_SITE = _OURS / "inside" / "path"  # holds sitecustomize.py


def variables_of_venv(venv: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Those of a virtual environment that was built for the job."""
    found = {
        "PATH": _joined(str(venv / "bin"), given.get("PATH", os.defpath)),
        "VIRTUAL_ENV": str(venv),
        "PYTHONNOUSERSITE": "1",
    }
    if given.get("PYTHONHOME"):
        found["PYTHONHOME"] = ""  # the same as none
    return found


def variables_of_interpreter(python: str, given: Mapping[str, str]) -> dict[str, str]:
    """Those of an interpreter that is used as it is: `python` on a command line means it."""
    path = given.get("PATH", os.defpath)
    first = shutil.which("python", path=path)
    if first is not None and _same(first, python):
        return {}
    return {"PATH": _joined(os.path.dirname(python), path)}


def python_path(
    cache: Path, given: Mapping[str, str], *, with_ours: bool, tensorflow_v1: bool
) -> dict[str, str]:
    """What Python finds before anything else.

    Args:
        cache: Where links may be kept.
        given: The job's variables.
        with_ours: The interpreter does not find this trackboard by itself.
        tensorflow_v1: `import tensorflow` shall be the interface of version 1.
    """
    folders: list[str] = []
    found: dict[str, str] = {}
    if tensorflow_v1 and given.get(TENSORFLOW_V1) != "0":
        folders.append(str(_SITE))
        found[TENSORFLOW_V1] = "1"
    if with_ours:
        folders.append(str(link_ours(cache)))
    if folders:
        found["PYTHONPATH"] = _joined(*folders, given.get("PYTHONPATH", ""))
    return found


def link_ours(cache: Path) -> Path:
    """A folder that holds nothing but links to the two packages of this very installation."""
    home = _OURS.absolute().parent
    folder = cache / "links" / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    for package in _PACKAGES:
        link = folder / package
        with suppress(OSError):
            if os.readlink(link) == str(home / package):
                continue
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{package}.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(home / package)
        temporary.replace(link)
    return folder


def _joined(*parts: str) -> str:
    return os.pathsep.join(filter(None, parts))


def _same(one: str, other: str) -> bool:
    """Whether two paths start the same interpreter: virtual environments share one behind links."""
    return os.path.abspath(one) == os.path.abspath(other) or (
        os.path.dirname(os.path.abspath(one)) == os.path.dirname(os.path.abspath(other))
        and os.path.realpath(one) == os.path.realpath(other)
    )
