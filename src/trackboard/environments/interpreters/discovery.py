"""Which interpreters there are, and which of them an environment is made from."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.environments.interpreters.python_version import RECORDS_FROM, is_met
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from trackboard.environments.uv.process import Uv

_PATCH = re.compile(r"(?:==)?(\d+\.\d+)\.\d+")


@dataclass(frozen=True)
class Interpreter:
    """A Python that environments can be made from."""

    path: str
    version: str  # such as "3.11.7"

    @property
    def minor(self) -> tuple[int, int]:
        """`(3, 11)`: what wheels are made for."""
        first, second = self.version.split(".")[:2]
        return int(first), int(second)


def this_interpreter() -> Interpreter:
    """The one that runs us."""
    return Interpreter(sys.executable, platform.python_version())


def find_python(uv: Uv, wanted: str) -> Interpreter:
    """Find the version that the user wrote, or have uv download it.

    A patch version that is not there is not insisted on: 3.9.18 serves who asked for 3.9.7, and that is
    said.

    Raises:
        UsageError: There is none; the message names those that there are.
    """
    if is_met(this_interpreter().version, wanted):
        return this_interpreter()
    found = _find(uv, wanted)
    if found is not None:
        return found
    patch = _PATCH.fullmatch(wanted.strip())
    near = _find(uv, patch[1]) if patch else None
    if near is not None:
        uv.report(f"Python {wanted} is asked for and not there; {near.version} is used instead")
        return near
    return _download(uv, wanted)


def list_pythons(uv: Uv, wanted: str = "") -> tuple[Interpreter, ...]:
    """Those that are installed and run what a job records with: one of each minor version, newest first.

    Args:
        uv: Runs anywhere.
        wanted: A version or a range; empty: any.
    """
    ours = this_interpreter()
    found = {one.minor: one for one in _list(uv, wanted) if one.minor >= RECORDS_FROM}
    if not wanted or is_met(ours.version, wanted):
        found[ours.minor] = ours
    return tuple(found[minor] for minor in sorted(found, reverse=True))


def _list(uv: Uv, wanted: str = "") -> list[Interpreter]:
    answer = uv.run(
        ["python", "list", "--only-installed", "--output-format", "json", *filter(None, [wanted])],
        doing="looking for interpreters",
        more=_search_path(uv.variables),
    )
    rows = json.loads(answer.output or "[]") if answer.code == 0 else []
    found: dict[tuple[int, int], Interpreter] = {}
    for row in rows:
        is_plain = row["implementation"] == "cpython" and row.get("variant") == "default"
        if is_plain and re.fullmatch(r"[\d.]+", row["version"]):  # released, and no other kind
            one = Interpreter(row["path"], row["version"])
            found.setdefault(one.minor, one)
    return [found[minor] for minor in sorted(found, reverse=True)]


def _find(uv: Uv, wanted: str) -> Interpreter | None:
    return next(iter(_list(uv, wanted)), None)


def _download(uv: Uv, wanted: str) -> Interpreter:
    """Let uv fetch an interpreter; it keeps it for all who use uv."""
    words = "(downloads of interpreters are switched off by UV_PYTHON_DOWNLOADS or UV_OFFLINE)"
    if uv.may_download_python:
        uv.report(f"Python {wanted} is not on this machine; uv tries to download it")
        answer = uv.run(
            ["python", "install", "--no-bin", wanted],
            doing=f"downloading Python {wanted}",
            more={"UV_PYTHON_DOWNLOADS": "manual"},
        )
        words = answer.words
        found = _find(uv, wanted) if answer.code == 0 else None
        if found is not None:
            return found
    there = ", ".join(one.version for one in list_pythons(uv))
    raise UsageError(
        f"the environment asks for Python {wanted}, which is not on this machine and could not be"
        f" downloaded:\n{words}",
        hint=f"Found: {there}. Ask for one of these, or for none, or install Python {wanted}.",
    )


def _search_path(variables: Mapping[str, str]) -> dict[str, str]:
    """A path on which uv finds the interpreters of pyenv, too: its shims answer for one version only."""
    home = os.path.join(variables.get("HOME", "~"), ".pyenv")
    root = Path(os.path.expanduser(variables.get("PYENV_ROOT") or home))
    before = variables.get("PATH", os.defpath).split(os.pathsep)
    shims = str(root / "shims")
    theirs = sorted(root.glob("versions/3*/bin"), reverse=True)
    kept = [folder for folder in before if folder != shims]
    return {"PATH": os.pathsep.join([*kept, *map(str, theirs)])}
