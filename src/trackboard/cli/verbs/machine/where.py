"""`trackboard where`: where the history is, how large it is, who may read it, what keeps it from growing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli.formatting import count, size
from trackboard.cli.workspace_option import folder_argument
from trackboard.config import find_location

if TYPE_CHECKING:
    from trackboard.service.local.upkeep.condition import Condition, DatabaseCondition

_WIDTH = 13
_REGISTER = "--register-database"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@click.option(
    _REGISTER,
    "register",
    is_flag=True,
    help="Store in the database that is there from now on; make an empty one where it is missing.",
)
@folder_argument
def where(folder: Path | None, *, as_json: bool, register: bool) -> None:
    """Say where the history that belongs to a folder is (the current one by default), and how it is.

    Also who else may read it, whether it is shared with a group, whether it can be written from here,
    and what is recorded and not stored.
    """
    from trackboard.service.local.upkeep.condition import find_condition, register_database

    location = find_location(folder)
    if register:
        register_database(location)
    condition = find_condition(location)
    if as_json:
        click.echo(json.dumps(_facts(condition)))
    else:
        for line in _lines(condition):
            click.echo(line)


def _facts(condition: Condition) -> dict[str, object]:
    database, problem = condition.database, condition.problem
    return {
        "folder": str(condition.folder),
        "exists": condition.exists,
        "size_bytes": condition.size_bytes,
        "file_system": condition.file_system.value,
        "shared": condition.shared,
        "readable_by": condition.readers or None,
        "writable": not condition.obstacle,
        "obstacle": condition.obstacle or None,
        "database": None
        if database is None
        else {
            "path": str(database.path),
            "exists": database.exists,
            "registered": database.is_registered,
        },
        "unread_bytes": condition.unread_bytes,
        "space": None if condition.usage is None else dict(vars(condition.usage)),
        "trash": {"runs": condition.trash_runs, "collectable_bytes": condition.collectable_bytes},
        "quarantined": [str(spool) for spool in condition.quarantined],
        "silent": [str(spool) for spool in condition.silent],
        "problem": problem.message if problem else None,
    }


def _lines(condition: Condition) -> Iterator[str]:
    if not condition.exists:
        yield f"{condition.folder}  (not there yet: the first run makes it)"
        return
    yield f"{condition.folder}  {size(condition.size_bytes)}"
    if condition.database is None and condition.problem is None:
        return  # a folder that is no workspace yet
    if condition.database is not None:
        yield _line("database", _describe(condition.database))
    if condition.shared:
        yield _line("shared", f"with {condition.readers or 'its group'}, for reading and writing")
    elif condition.readers:
        closed = f"chmod 700 {condition.folder} keeps others out"
        yield _line("readable", f"by {condition.readers}; {closed}")
    yield from _space_lines(condition)
    yield _line("file system", condition.file_system.value)
    if condition.obstacle:
        yield _line("read-only", condition.obstacle)
    yield from _left_lines(condition)
    if condition.problem is not None:
        yield _line("problem", condition.problem.message)
        yield _line("", condition.problem.hint)


def _space_lines(condition: Condition) -> Iterator[str]:
    """What takes space, the most first, and what could be freed."""
    if condition.usage is not None:
        parts = sorted(vars(condition.usage).items(), key=lambda part: -part[1])
        taken = [f"{name.replace('_', ' ')} {size(number)}" for name, number in parts if number]
        yield _line("takes", ", ".join(taken))
    if condition.trash_runs:
        yield _line("trash", f"{count(condition.trash_runs, 'run')}; trackboard trash lists them")
    if condition.collectable_bytes:
        freed = size(condition.collectable_bytes)
        yield _line("can be freed", f"{freed}: trackboard gc --older-than 0 (--dry-run tells what)")


def _left_lines(condition: Condition) -> Iterator[str]:
    """What is recorded and not stored."""
    if condition.unread_bytes:
        yield _line("not stored", f"{size(condition.unread_bytes)} of what is recorded")
    for spool in condition.quarantined:
        yield _line(
            "set aside", f"{spool}  (too much of it cannot be stored; kept for you to look at)"
        )
    for spool in condition.silent:
        yield _line("set aside", f"{spool}  (its process may be dead; still read)")


def _describe(database: DatabaseCondition) -> str:
    if not database.exists:
        made = "the first reader makes it" if database.is_registered is None else "missing"
        return f"{database.path}  ({made})"
    if database.is_registered is False:
        return f"{database.path}  (not this workspace's: nothing is stored in it; {_REGISTER} changes that)"
    return str(database.path)


def _line(name: str, text: str) -> str:
    return f"{name:{_WIDTH}}{text}"
