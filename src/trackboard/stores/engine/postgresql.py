"""PostgreSQL behind the SQL store.

A first look: the whole contract holds, and no setting leads here yet. Writes exclude each other by the
row of the version counter, which each changes first; reads see one moment and wait for nobody. Who
ingests is to hold a session advisory lock on a connection of its own, once several hosts share a
database; only the creation of the tables is guarded by one today.
"""

from __future__ import annotations

import sqlalchemy as sa

from trackboard.errors import Conflict, InternalError, TrackboardError, Unavailable
from trackboard.stores.engine import schema_version
from trackboard.stores.engine.database import (
    DURABLE,
    TIMEOUT_S,
    WAIT_S,
    WRITES,
    Database,
    unstorable,
)

_CREATION_LOCK = 0x747261636B626F61  # a number of our own among the database's advisory locks
_PASSING = (  # classes of SQLSTATE: the same call may succeed later
    "08",  # connection
    "25",  # transaction state, of a server that is read-only
    "40",  # rolled back: serialization, deadlock
    "53",  # resources
    "55",  # a lock that was not to be had
    "57",  # operator intervention
    "58",  # system error
)
_VALUES = ("22", "23", "54")  # the value is the reason: data exception, constraint, program limit


def open_database(url: str, *, wait_s: float = WAIT_S) -> Database:
    """Open the history in the PostgreSQL database at `url`; its tables are made when there are none.

    Args:
        url: Such as `postgresql+psycopg://user@host/name`; needs the extra `postgresql`.
        wait_s: How long a write waits for other writers.

    Raises:
        Conflict: A newer version wrote the history.
        Unavailable: The server does not answer, or does not let us.
    """
    engine = sa.create_engine(url, pool_size=4, max_overflow=-1, pool_use_lifo=True)
    sa.event.listen(engine, "begin", _begin)
    location = engine.url.render_as_string(hide_password=True)
    database = Database(engine, lambda error: _translate(error, location), wait_s=wait_s)
    try:
        _create(database, engine)
        schema_version.bring_up_to_date(database, location)
    except BaseException:
        database.close()
        raise
    return database


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(WRITES, False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return
    wait_ms = max(1, round(1000 * options.get(TIMEOUT_S, WAIT_S)))  # 0 would be for ever
    durable = "on" if options.get(DURABLE, False) else "off"  # on: all before it are synced as well
    connection.exec_driver_sql(
        f"SET LOCAL lock_timeout = {wait_ms}; SET LOCAL synchronous_commit = {durable}"
    )


def _create(database: Database, engine: sa.Engine) -> None:
    with (
        database.translated(),
        engine.execution_options(**{WRITES: True}).connect() as connection,
        connection.begin(),
    ):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATION_LOCK)))
        if not sa.inspect(connection).has_table("meta"):
            schema_version.create_tables(connection)


def _translate(error: sa.exc.DBAPIError, location: str) -> TrackboardError:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    text = str(error.orig).strip()
    if state.startswith(_VALUES):
        return unstorable(text)
    if state == "42P01":
        return Conflict(
            f"the database {location} holds no trackboard history: {text}",
            hint="Nothing was changed. Put a copy of it back, or name another database.",
        )
    if state.startswith("55"):
        return Unavailable(
            f"the history {location} is in use by another process: {text}",
            hint="Try again in a moment.",
        )
    if not state or state.startswith(_PASSING):  # without one: there is no server
        return Unavailable(
            f"the history {location} could not be read or written: {text}",
            hint="Check that the server runs, and that it lets you in.",
        )
    return InternalError(f"the history {location} refused a statement of ours ({state}): {text}")
