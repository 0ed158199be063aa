"""`trackboard.toml`: what people may edit about a workspace."""

from __future__ import annotations

import contextlib
import difflib
import os
import secrets
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from trackboard.config.location import ROOT
from trackboard.errors import Conflict, Unavailable, UsageError

FORMAT = 1
FILE_NAME = "trackboard.toml"
_TEXT = """\
# Settings of this trackboard workspace. Deleting this folder deletes everything that is in it.
format = {format}
id = "{id}"

# store = "/local/disk/history.db"     # the database; put it on a local disk when this folder is shared
# network_folder = true                # say so when this folder's file system is not recognised as shared
"""


@dataclass(frozen=True)
class Settings:
    """What the file says."""

    format: int
    id: str
    store: str = ""  # path of the database; empty: trackboard.db beside this file
    network_folder: bool | None = None  # None: find out


def make_workspace(folder: Path) -> bool:
    """Make a workspace's folder and its settings; whether this call was the one that made it.

    Any number of processes may call this at once for the same folder.

    Raises:
        Unavailable: The folder cannot be written.
    """
    settings = folder / FILE_NAME
    if settings.exists():
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.parent.name == ROOT:
            _write_once(folder.parent / ".gitignore", "*\n")
        return _write_once(settings, _TEXT.format(format=FORMAT, id=uuid.uuid4()))
    except OSError as error:
        raise Unavailable(
            f"a workspace cannot be made in {folder}: {error.strerror}",
            hint="Name a folder that you can write to: TRACKBOARD_URI=/some/folder",
        ) from error


def read_settings(folder: Path) -> Settings:
    """Read the settings of an existing workspace.

    Raises:
        UsageError: The file is not TOML, or says something that is not known.
        Conflict: A newer trackboard wrote it.
    """
    path = folder / FILE_NAME
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not valid TOML: {error}", hint="Mend that line.") from error
    if content.get("format", FORMAT) > FORMAT:
        raise Conflict(
            f"{path} has format {content['format']}; this trackboard knows {FORMAT}",
            hint="Upgrade: pip install --upgrade trackboard",
        )
    _check_keys(path, content)
    return Settings(**{"format": FORMAT, "id": "", **content})


def _check_keys(path: Path, content: Mapping[str, Any]) -> None:
    known = {field.name: field.type for field in fields(Settings)}
    types = {"format": int, "id": str, "store": str, "network_folder": bool}
    for key, value in content.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(
                f"{path} has a setting {key!r} that is not known",
                hint=f"{meant}Known are: {', '.join(sorted(known))}.",
            )
        if type(value) is not types[key]:
            raise UsageError(
                f"{path}: {key} = {value!r} is not {types[key].__name__}",
                hint=f"Write a {types[key].__name__} value.",
            )


def _write_once(path: Path, text: str) -> bool:
    """Write a whole file unless it exists; whether it was written."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    aside.write_text(text, "utf-8")
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
            file.write(text)
            return True
        return False
    finally:
        aside.unlink()
    return True
