"""Where built environments are kept, and who uses them.

    envs/<key>/venv/      a virtual environment
    envs/<key>/about.json what is in it, written last: without it the rest is the remains of a build
    envs/<key>/names      what people called it
    envs/<key>/used       its time is when it was last used
    asked/<digest>.json   which environment came of what was asked for
    locks/<key>           shared by its users, held alone by whoever builds or removes it
    links/<digest>/       links to the two packages of a trackboard that jobs may import

Finding an environment again loads nothing and takes less than a millisecond.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trackboard.environments.cache.locks import EnvironmentLock
from trackboard.errors import NotFound, UsageError
from trackboard.layout import replace_file
from trackboard.layout.reading import read_json

_FORMAT = 1


@dataclass(frozen=True)
class About:
    """What is in an environment."""

    python: str  # its version
    base: str  # the interpreter it was made from
    packages: tuple[str, ...]  # as resolved
    built_s: float
    took_s: float
    size_bytes: int


@dataclass(frozen=True)
class Lease:
    """An environment in use: until this is let go, or this process ends, nobody removes it."""

    key: str
    folder: Path
    about: About
    notes: tuple[str, ...]  # what was decided while it was resolved
    lock: EnvironmentLock

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.venv / "bin" / "python"


class EnvironmentCache:
    """The environments of one user on one machine.

    Args:
        folder: Where; made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environments = folder / "envs"

    def take(self, digest: str, name: str = "") -> Lease | None:
        """Use what was built for the same question before, if it is whole."""
        answer = _read(self.folder / "asked" / f"{digest}.json")
        if answer is None or not self.environments.is_dir():
            return None
        lock = self.lock(answer["key"])
        if lock.try_share():
            lease = self.lease(answer["key"], tuple(answer["notes"]), lock)
            if lease is not None:
                _note_use(lease.folder, name)
                return lease
        lock.close()
        return None

    def lease(self, key: str, notes: tuple[str, ...], lock: EnvironmentLock) -> Lease | None:
        """The environment of a key if it is whole; its lock must be held."""
        folder = self.environments / key
        about = self.about(key)
        if about is None or not (folder / "venv" / "bin" / "python").exists():
            return None
        return Lease(key, folder, about, notes, lock)

    def about(self, key: str) -> About | None:
        """What is in an environment; None if it is not whole."""
        fields = _read(self.environments / key / "about.json")
        if fields is None:
            return None
        return About(**fields | {"packages": tuple(fields["packages"])})

    def finish(self, key: str, about: About) -> None:
        """Say that an environment is whole."""
        _write(self.environments / key / "about.json", asdict(about))

    def remember(self, digest: str, key: str, notes: tuple[str, ...]) -> None:
        """Keep which environment answers a question."""
        _write(self.folder / "asked" / f"{digest}.json", {"key": key, "notes": notes})

    def lock(self, key: str) -> EnvironmentLock:
        """The lock of an environment, not held yet."""
        return EnvironmentLock(self.folder / "locks" / key)

    def question(self, digest: str) -> Path:
        """The file to lock while an answer is looked for."""
        return self.folder / "locks" / f"asked-{digest}"

    def remove_files(self, key: str) -> None:
        """Remove an environment, whole or not; its lock must be held alone."""
        folder = self.environments / key
        (folder / "about.json").unlink(missing_ok=True)
        if folder.is_dir():
            shutil.rmtree(folder)
        for file in (self.folder / "asked").glob("*.json"):
            answer = _read(file)
            if answer is None or answer["key"] == key:
                file.unlink(missing_ok=True)


def _note_use(folder: Path, name: str) -> None:
    """Nothing depends on it, so a cache that cannot be written to is used all the same."""
    with suppress(OSError):
        (folder / "used").touch()
    names = folder / "names"
    with suppress(OSError):
        if name and name not in (names.read_text().splitlines() if names.exists() else ()):
            with open(names, "a", encoding="utf-8") as file:
                file.write(f"{name}\n")


def _read(path: Path) -> dict[str, Any] | None:
    """A file of ours; None if it is not there, or from another version of trackboard."""
    try:
        fields = read_json(path, "note of the environments")
    except (NotFound, UsageError):
        return None
    if not isinstance(fields, dict) or fields.pop("format", None) != _FORMAT:
        return None
    return fields


def _write(path: Path, fields: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps({"format": _FORMAT, **fields}))
