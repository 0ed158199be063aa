"""Runs and what is said about them: rows of run, experiment, tag, property and file, read and written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from trackboard.model import Run, RunId, RunKind, RunState, StateStamp, WriterId
from trackboard.ports import RunFile
from trackboard.stores.engine.database import pieces
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.run_transitions import UNKNOWN, RunRecord
from trackboard.stores.rules.short_text import short, storable
from trackboard.stores.schema.tables import experiment, file, property_, run, tag, to_column

ENDED = [state.value for state in RunState if state.is_terminal]

RUNS = sa.select(
    run.c.run_id,
    experiment.c.name.label("experiment_name"),
    run.c.number,
    run.c.name,
    run.c.parent,
    run.c.kind,
    run.c.state,
    run.c.cause,
    run.c.created_s,
    run.c.started_s,
    run.c.ended_s,
    run.c.lost_points,
    run.c.warnings,
    run.c.description,
    run.c.archived_s,
    run.c.deleted_s,
    run.c.id,
    run.c.experiment,
    run.c.attempt,
    run.c.terminal,
    run.c.sequence,
    run.c.owner,
).select_from(run.outerjoin(experiment, run.c.experiment == experiment.c.id))
IS_SHOWN = run.c.deleted_s.is_(None)  # not in the trash
_FIELDS = 16  # of `Run`, the first columns
_KINDS = {kind.value: kind for kind in RunKind}  # several times as quick as to call the enum
_STATES = {state.value: state for state in RunState}


def run_of(row: sa.Row[Any]) -> Run:
    """A row of `RUNS` as a run. By position: a page of runs is read in no time."""
    (
        run_id,
        of_experiment,
        number,
        name,
        parent,
        kind,
        state,
        cause,
        created_s,
        started_s,
        ended_s,
        lost_points,
        warnings,
        description,
        archived_s,
        deleted_s,
    ) = row[:_FIELDS]
    return Run(
        run_id,
        UNKNOWN if of_experiment is None else of_experiment,
        number,
        name,
        parent,
        _KINDS[kind],
        _STATES[state],
        cause,
        created_s or 0.0,
        started_s,
        ended_s,
        lost_points,
        () if warnings == "[]" else tuple(json.loads(warnings)),
        description,
        archived_s,
        deleted_s,
    )


def record_of(row: sa.Row[Any]) -> RunRecord:
    """A row of `RUNS` as what its next record is judged by."""
    stamp = None
    if row.attempt is not None:
        stamp = StateStamp(row.attempt, terminal=bool(row.terminal), sequence=row.sequence)
    owner = None if row.owner is None else WriterId(row.owner)
    return RunRecord(run_of(row), is_stub=row.experiment is None, stamp=stamp, owner=owner)


def row_of(record: RunRecord, experiment_id: int | None) -> dict[str, Any]:
    """What a run is, as columns of `run`; its own id and the request to cancel it are not among them."""
    known, stamp = record.run, record.stamp
    return {
        "experiment": experiment_id,
        "number": known.number,
        "name": known.given_name,
        "parent": known.parent,
        "kind": known.kind.value,
        "state": known.state.value,
        "cause": known.cause,
        "created_s": known.created_s,
        "started_s": to_column(known.started_s),
        "ended_s": to_column(known.ended_s),
        "lost_points": known.lost_points,
        "warnings": json.dumps(known.warnings),
        "attempt": stamp.attempt if stamp else None,
        "terminal": stamp.terminal if stamp else None,
        "sequence": stamp.sequence if stamp else None,
        "owner": record.owner,
        "description": known.description,
        "archived_s": to_column(known.archived_s),
        "deleted_s": to_column(known.deleted_s),
    }


def read_runs(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    """Rows of `RUNS`, in the order they were stored."""
    found: sa.Result[Any] = connection.execute(RUNS.where(*conditions).order_by(run.c.id))
    return list(found.all())  # in one fetch, not one for each row


def list_runs(
    connection: sa.Connection,
    *,
    experiment_name: str | None,
    parent: RunId | None,
    ids: Collection[RunId] | None,
    name: str | None,
    deleted: bool | None,
) -> tuple[Run, ...]:
    """Runs that match every given condition, in the order they were stored."""
    conditions: list[sa.ColumnElement[bool]] = []
    if deleted is not None:
        conditions.append(run.c.deleted_s.is_not(None) if deleted else IS_SHOWN)
    if experiment_name is not None:
        found: sa.ColumnElement[bool] = short(experiment.c.name) == experiment_name
        if experiment_name == UNKNOWN:
            found = sa.or_(found, run.c.experiment.is_(None))
        conditions.append(found)
    if parent is not None:
        conditions.append(run.c.parent == parent)
    if name is not None:
        conditions.append(short(run.c.name) == name)
    if ids is None:
        rows = read_runs(connection, *conditions)
    else:
        rows = _among(connection, run.c.run_id, ids, *conditions)
    return tuple(map(run_of, rows))


def list_owned(connection: sa.Connection, writers: Collection[WriterId]) -> tuple[RunId, ...]:
    """Runs that these writers own and that have not ended."""
    rows = _among(connection, run.c.owner, writers, run.c.state.not_in(ENDED))
    return tuple(RunId(row.run_id) for row in rows)


def list_wrongly_failed(
    connection: sa.Connection, writers: Collection[WriterId]
) -> tuple[RunId, ...]:
    """Runs of which only the silence of these owners said that they have failed; see `life.is_inferred`."""
    rows = _among(connection, run.c.owner, writers, run.c.state == RunState.FAILED.value)
    return tuple(RunId(row.run_id) for row in rows if run_transitions.is_inferred(record_of(row)))


def list_descendants(connection: sa.Connection, ids: Collection[RunId]) -> tuple[Run, ...]:
    """These runs and everything below them, parents before children."""
    found: dict[str, sa.Row[Any]] = {}
    level = _among(connection, run.c.run_id, ids, IS_SHOWN)
    while level:
        found.update((row.run_id, row) for row in level)
        below = _among(connection, run.c.parent, [row.run_id for row in level], IS_SHOWN)
        level = [row for row in below if row.run_id not in found]
    ordered = sorted(found.values(), key=lambda row: int(row.id))
    return run_transitions.parents_first(tuple(map(run_of, ordered)))


def _among(
    connection: sa.Connection,
    column: sa.Column[Any],
    values: Collection[str],
    *conditions: sa.ColumnElement[bool],
) -> list[sa.Row[Any]]:
    rows = [
        row
        for piece in pieces(dict.fromkeys(values))
        for row in read_runs(connection, column.in_(piece), *conditions)
    ]
    return sorted(rows, key=lambda row: int(row.id))


def get_key(connection: sa.Connection, run_id: RunId) -> int:
    """The number that other tables know a run by. Raises NotFound for an unknown run."""
    key = connection.execute(sa.select(run.c.id).where(run.c.run_id == run_id)).scalar_one_or_none()
    if key is None:
        raise run_transitions.not_found(run_id)
    return int(key)


def get_tags(connection: sa.Connection, run_id: RunId) -> dict[str, str | None]:
    """Tags by key."""
    return _read_pairs(connection, run_id, tag)


def set_tags(connection: sa.Connection, run_id: RunId, tags: Mapping[str, str | None]) -> None:
    """Add or replace tags."""
    key = get_key(connection, run_id)
    put_tags(connection, {(key, name): value for name, value in tags.items()}, removed=())


def tag_runs(
    connection: sa.Connection, ids: Collection[RunId], tags: Mapping[str, str | None]
) -> None:
    """Add or replace tags of several runs, in two statements for some hundreds of them."""
    for piece in pieces(dict.fromkeys(ids)):
        query = sa.select(run.c.run_id, run.c.id).where(run.c.run_id.in_(piece))
        keys = {row.run_id: row.id for row in connection.execute(query)}
        for each in piece:
            if each not in keys:
                raise run_transitions.not_found(each)
        given = {(key, name): value for key in keys.values() for name, value in tags.items()}
        put_tags(connection, given, removed=())


def remove_tags(connection: sa.Connection, run_id: RunId, keys: Collection[str]) -> None:
    """Take tags away; those that are not there are passed over."""
    key = get_key(connection, run_id)
    put_tags(connection, {}, removed=[(key, name) for name in keys])


def list_tags(
    connection: sa.Connection, ids: Collection[RunId]
) -> dict[RunId, dict[str, str | None]]:
    """Tags of the runs among `ids` that are known."""
    return _list_keyed(connection, tag, ids)


def list_properties(
    connection: sa.Connection, ids: Collection[RunId]
) -> dict[RunId, dict[str, str]]:
    """Properties of the runs among `ids` that are known."""
    return _list_keyed(connection, property_, ids)


def _list_keyed(
    connection: sa.Connection, table: sa.Table, ids: Collection[RunId]
) -> dict[RunId, dict[str, Any]]:
    found: dict[RunId, dict[str, Any]] = {}
    query = sa.select(run.c.run_id, table.c.key, table.c.value).join_from(
        run, table, isouter=True, onclause=run.c.id == table.c.run
    )
    for piece in pieces(dict.fromkeys(ids)):
        for row in connection.execute(query.where(run.c.run_id.in_(piece)).order_by(table.c.key)):
            said = found.setdefault(RunId(row.run_id), {})
            if row.key is not None:
                said[row.key] = row.value
    return found


def put_tags(
    connection: sa.Connection,
    tags: Mapping[tuple[int, str], str | None],
    removed: Iterable[tuple[int, str]],
    fresh: Collection[int] = (),
) -> None:
    """Make tags of several runs what is given, and take others away.

    Runs among the `fresh` have none yet.
    """
    known = {(key, storable(name)): value for (key, name), value in tags.items()}
    gone = {(key, storable(name)) for key, name in removed} | known.keys()
    forget(connection, tag, tag.c.key, gone, fresh)
    rows = [{"run": key, "key": name, "value": value} for (key, name), value in known.items()]
    if rows:
        connection.execute(sa.insert(tag), rows)


def forget(
    connection: sa.Connection,
    table: sa.Table,
    column: sa.Column[Any],
    keys: Iterable[tuple[int, str]],
    fresh: Collection[int] = (),
) -> None:
    """Delete rows by run and name; nothing is asked about `fresh` runs, which have none."""
    rows = [{"of_run": key, "of_name": name} for key, name in keys if key not in fresh]
    if rows:
        where = (table.c.run == sa.bindparam("of_run"), short(column) == sa.bindparam("of_name"))
        connection.execute(sa.delete(table).where(*where), rows)


def get_properties(connection: sa.Connection, run_id: RunId) -> dict[str, str]:
    """Properties by key."""
    return _read_pairs(connection, run_id, property_)


def list_property(connection: sa.Connection, key: str) -> dict[RunId, str]:
    """The values of one property by run."""
    query = sa.select(run.c.run_id, property_.c.value).join_from(
        run, property_, run.c.id == property_.c.run
    )
    rows = connection.execute(query.where(short(property_.c.key) == key))
    return {RunId(row.run_id): row.value for row in rows}


def _read_pairs(connection: sa.Connection, run_id: RunId, table: sa.Table) -> dict[str, Any]:
    """Values by key, in one question. Raises NotFound for an unknown run."""
    columns = table.c
    query = sa.select(columns.key, columns.value).join_from(
        run, table, isouter=True, onclause=run.c.id == columns.run
    )
    rows = connection.execute(query.where(run.c.run_id == run_id).order_by(columns.key)).all()
    if not rows:
        raise run_transitions.not_found(run_id)
    return {row.key: row.value for row in rows if row.key is not None}


def read_properties(connection: sa.Connection, keys: list[int]) -> list[dict[str, str]]:
    """Properties of several runs, one dict for each."""
    found: dict[int, dict[str, str]] = {key: {} for key in keys}
    for piece in pieces(keys):
        query = sa.select(property_).where(property_.c.run.in_(piece))
        for row in connection.execute(query.order_by(property_.c.run, property_.c.key)):
            found[row.run][row.key] = row.value
    return [found[key] for key in keys]


def add_properties(connection: sa.Connection, run_id: RunId, properties: Mapping[str, str]) -> None:
    """Add properties, all of them or none."""
    key = get_key(connection, run_id)
    known = read_properties(connection, [key])[0]
    properties = {storable(name): storable(value) for name, value in properties.items()}
    for name, value in properties.items():
        run_transitions.check_property(run_id, name, known.get(name, value), value)
    rows = [
        {"run": key, "key": name, "value": value}
        for name, value in properties.items()
        if name not in known
    ]
    if rows:
        connection.execute(sa.insert(property_), rows)


def put_files(
    connection: sa.Connection,
    files: Mapping[tuple[int, str], RunFile],
    fresh: Collection[int] = (),
) -> None:
    """Add or replace files of several runs; those among the `fresh` have none yet."""
    known = {(key, storable(path)): each for (key, path), each in files.items()}
    forget(connection, file, file.c.path, known, fresh)
    rows = [
        {
            "run": key,
            "path": path,
            "key": each.key,
            "size_bytes": each.size_bytes,
            "time_s": to_column(each.time_s),
        }
        for (key, path), each in known.items()
    ]
    if rows:
        connection.execute(sa.insert(file), rows)


def remove_growing_files(connection: sa.Connection, paths: Iterable[tuple[int, str]]) -> None:
    """Delete the rows of files by run and path, but for those whose bytes are in the blobs."""
    rows = [{"of_run": key, "of_path": storable(path)} for key, path in paths]
    if rows:
        where = (
            file.c.run == sa.bindparam("of_run"),
            short(file.c.path) == sa.bindparam("of_path"),
        )
        connection.execute(sa.delete(file).where(*where, file.c.key == ""), rows)


def list_files(connection: sa.Connection, run_id: RunId) -> tuple[RunFile, ...]:
    """Files of a run by path."""
    query = sa.select(file).join(run, run.c.id == file.c.run).where(run.c.run_id == run_id)
    return tuple(_run_file(row) for row in connection.execute(query.order_by(file.c.path)))


def find_files(
    connection: sa.Connection, words: Collection[str]
) -> dict[RunId, tuple[RunFile, ...]]:
    """Files by run whose paths hold one of the words."""
    holds = sa.or_(sa.false(), *(file.c.path.contains(word, autoescape=True) for word in words))
    query = sa.select(file, run.c.run_id).join(run, run.c.id == file.c.run).where(holds, IS_SHOWN)
    found: dict[RunId, list[RunFile]] = {}
    for row in connection.execute(query.order_by(file.c.path)):
        if any(word in row.path for word in words):  # a database may ignore case
            found.setdefault(RunId(row.run_id), []).append(_run_file(row))
    return {run_id: tuple(files) for run_id, files in found.items()}


def _run_file(row: sa.Row[Any]) -> RunFile:
    return RunFile(row.path, row.key, row.size_bytes, row.time_s or 0.0)
