"""What is wrong with an installation and a workspace, and what to type. Nothing is changed by looking."""

from __future__ import annotations

import enum
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from trackboard.config import Location
from trackboard.errors import TrackboardError
from trackboard.format.amounts import count, size
from trackboard.layout import FileSystem
from trackboard.layout.locks import find_holder
from trackboard.layout.paths import WorkspacePaths
from trackboard.model import Liveness, WriterId
from trackboard.service.local.upkeep.condition import Condition, find_condition
from trackboard.spool import list_writers, probe
from trackboard.stores.engine.lock_holder import describe_writer, find_writer

_PACKAGES = ("numpy", "sqlalchemy", "tensorboard", "zstandard", "uv", "click", "pillow", "pyyaml")
_RIVAL = "azureml-core"
_PREFIX = "TRACKBOARD_"
_VARIABLES = ("CACHE", "EXPERIMENT", "MODE", "RUN_ID", "TENSORFLOW_V1", "TOKEN", "URI", "WORKSPACE")
_SECRET = "TOKEN"
_LEAST_FREE_BYTES = 1 << 30
_LEFT_BEHIND = ("trackboard-events-*", "trackboard-reader-*")


class Severity(enum.Enum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"  # worth knowing
    WARNING = "warning"  # works, but perhaps not as meant
    PROBLEM = "problem"  # does not work


class Finding(NamedTuple):
    """Something that was looked at.

    Attributes:
        severity: How bad it is.
        about: What was looked at, in a word or two.
        message: What was found.
        hint: What to type; empty where there is nothing to do.
    """

    severity: Severity
    about: str
    message: str
    hint: str = ""


def diagnose(location: Location, version: str) -> Iterator[Finding]:
    """Look at this installation, then at a workspace, which need not exist.

    Args:
        location: Where the workspace is.
        version: The version of the trackboard that runs; the installer's records may be of an older one.
    """
    yield from _installation(version)
    yield from _environment()
    try:
        condition = find_condition(location)
    except TrackboardError as error:
        yield Finding(Severity.PROBLEM, "workspace", error.message, error.hint)
        return
    yield from _workspace(condition)


def _installation(version: str) -> Iterator[Finding]:
    what = f"{version}, Python {platform.python_version()} in {sys.prefix}"
    yield Finding(Severity.OK, "trackboard", what)
    gone = [name for name in _PACKAGES if _version_of(name) is None]
    if gone:
        yield Finding(
            Severity.PROBLEM,
            "packages",
            f"{', '.join(gone)}: not installed",
            f"{sys.executable} -m pip install {' '.join(gone)}",
        )
    else:
        versions = ", ".join(f"{name} {_version_of(name)}" for name in _PACKAGES[:4])
        yield Finding(Severity.OK, "packages", versions)
    yield _azureml()


def _azureml() -> Finding:
    """Whether the name `azureml` is ours alone."""
    rival = _version_of(_RIVAL)
    if rival is not None:
        return Finding(
            Severity.PROBLEM,
            "azureml",
            f"the Azure ML SDK ({_RIVAL} {rival}) is installed, too: the name is never half and half",
            f"{sys.executable} -c 'import azureml.core' prints what to type.",
        )
    found = importlib.util.find_spec("azureml")
    ours = Path(__file__).parents[4] / "azureml" / "__init__.py"
    if found is None or found.origin is None or Path(found.origin) != ours:
        origin = "nobody's" if found is None else str(found.origin)
        return Finding(
            Severity.PROBLEM,
            "azureml",
            f"the name is {origin}, not trackboard's",
            f"{sys.executable} -m pip install --force-reinstall --no-deps trackboard",
        )
    return Finding(Severity.OK, "azureml", "trackboard's")


def _environment() -> Iterator[Finding]:
    for name in sorted(os.environ):
        own = name.removeprefix(_PREFIX)
        if own in _VARIABLES and name != own:
            value = "***" if own == _SECRET else os.environ[name]
            yield Finding(Severity.NOTE, "variable", f"{name}={value}")
        elif name != own:
            known = ", ".join(f"{_PREFIX}{each}" for each in _VARIABLES)
            yield Finding(
                Severity.WARNING, "variable", f"{name}: nothing reads it", f"There is {known}."
            )
    left = [path for sign in _LEFT_BEHIND for path in Path(tempfile.gettempdir()).glob(sign)]
    if left:
        yield Finding(
            Severity.NOTE,
            "boards",
            f"{count(len(left), 'folder')} of boards in {tempfile.gettempdir()}, perhaps of killed ones",
            "trackboard stop removes those that nobody uses.",
        )


def _workspace(condition: Condition) -> Iterator[Finding]:
    where = str(condition.folder)
    if not condition.exists:
        yield Finding(Severity.NOTE, "workspace", f"{where}: not there yet, the first run makes it")
        return
    if condition.problem is not None:
        error = condition.problem
        yield Finding(Severity.PROBLEM, "workspace", error.message, error.hint)
    else:
        yield Finding(Severity.OK, "workspace", where)
    yield from _database(condition)
    yield from _disk(condition)
    if condition.obstacle:
        yield Finding(
            Severity.WARNING,
            "read-only",
            condition.obstacle,
            "What is stored can be read; what is recorded is stored by who may write.",
        )
    yield from _locks(condition)
    yield from _spools(condition)


def _database(condition: Condition) -> Iterator[Finding]:
    database = condition.database
    if database is None:
        return
    if not database.exists and database.is_registered is not None:
        hint = "Put it back, or mount its disk; trackboard where --register-database begins anew."
        yield Finding(Severity.PROBLEM, "database", f"{database.path} is missing", hint)
    elif database.is_registered is False:
        message = f"{database.path} is not this workspace's: nothing is stored in it"
        hint = "trackboard where --register-database lets it be."
        yield Finding(Severity.PROBLEM, "database", message, hint)
    else:
        yield Finding(Severity.OK, "database", str(database.path))


def _disk(condition: Condition) -> Iterator[Finding]:
    system, free_bytes = condition.file_system, shutil.disk_usage(condition.folder).free
    severity = Severity.WARNING if free_bytes < _LEAST_FREE_BYTES else Severity.OK
    yield Finding(severity, "disk", f"{size(free_bytes)} free, file system {system.value}")
    database = condition.database
    is_inside = database is not None and database.path.is_relative_to(condition.folder)
    if system is FileSystem.NETWORK and is_inside:
        yield Finding(
            Severity.WARNING,
            "database",
            "it lies on a network file system, where SQLite is slow and its locks may be void",
            'Write store = "/local/disk/history.db" into trackboard.toml (docs/sharing.md).',
        )


def _locks(condition: Condition) -> Iterator[Finding]:
    """Who holds what others wait for, at this moment."""
    paths = WorkspacePaths(condition.folder)
    for path in (paths.lock, paths.files_lock, paths.queue_lock):
        holder = find_holder(path)
        if holder is not None:
            yield Finding(
                Severity.NOTE,
                "lock",
                f"{path} is held by {holder}",
                "Mostly for milliseconds: look again. A process that is stopped (T in ps) keeps it.",
            )
    writer = condition.database and find_writer(condition.database.path)
    if condition.database is not None and writer is not None:
        yield Finding(
            Severity.NOTE,
            "lock",
            f"{condition.database.path} is being written by {describe_writer(condition.database.path)}",
        )


def _spools(condition: Condition) -> Iterator[Finding]:
    paths = WorkspacePaths(condition.folder)
    alive = dead = 0
    for writer in list_writers(paths.spool):
        is_dead = probe(paths.spool / WriterId(writer)) is Liveness.DEAD
        dead, alive = dead + is_dead, alive + (not is_dead)
    if alive:
        yield Finding(Severity.OK, "recording", f"{count(alive, 'writer')} may be recording now")
    if dead:
        yield Finding(
            Severity.NOTE,
            "recording",
            f"{count(dead, 'writer')} ended without saying so",
            "The next command that reads stores and removes them: trackboard runs",
        )
    if condition.unread_bytes:
        yield Finding(
            Severity.NOTE,
            "recording",
            f"{size(condition.unread_bytes)} recorded and not stored yet",
        )
    for spool in condition.quarantined:
        message = f"{spool}: too much of it cannot be stored"
        yield Finding(Severity.WARNING, "set aside", message, "Look at it, then remove it.")
    for spool in condition.silent:
        message = f"{spool}: its process may be dead; still read"
        yield Finding(Severity.NOTE, "set aside", message)


def _version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
