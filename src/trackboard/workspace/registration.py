"""`database`, beside `trackboard.toml`: which one database stores what is recorded in a workspace.

It is no setting: people edit those, and an older trackboard refuses a key that it does not know.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from trackboard.errors import Unavailable, UsageError
from trackboard.layout import WorkspacePaths, replace_file


@dataclass(frozen=True)
class Registration:
    """The database that ingests a workspace."""

    id: str  # as `stores.schema.identity` says; each copy of the database has it
    path: str  # where it was when it was registered; for people


def read_registration(folder: Path) -> Registration | None:
    """Read which database ingests the workspace in `folder`; None when none was registered.

    Raises:
        UsageError: The file is damaged.
        Unavailable: It cannot be read.
    """
    path = WorkspacePaths(folder).database_id
    try:
        fields = json.loads(path.read_bytes())
        return Registration(str(fields["id"]), str(fields["path"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(
            f"{path} does not say which database is this workspace's: {error!r}",
            hint=f"Type: trackboard where --register-database {folder}",
        ) from error


def write_registration(folder: Path, registration: Registration) -> None:
    """Let this database, and no other, ingest the workspace in `folder`.

    Raises:
        Unavailable: The disk refuses.
    """
    path = WorkspacePaths(folder).database_id
    try:
        replace_file(path, json.dumps(asdict(registration)) + "\n")
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be written: {error.strerror or error}",
            hint=f"Check that you may write to {folder}, and that its disk has space.",
        ) from error
