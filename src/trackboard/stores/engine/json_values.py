"""The value of a parameter, which is stored as JSON, as a number or as text of SQL.

SQLite's own cast of text misses some numbers by their last bit, and its JSON knows no NaN, so that it asks
functions of ours there; PostgreSQL does it by itself.
"""

from __future__ import annotations

import json
import math
import sqlite3
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from trackboard.stores.engine.text_matches import matches, text_matches


class json_number(sa.sql.expression.FunctionElement[float]):  # noqa: N801 - read as an SQL function
    """The number that some JSON is, as float64, a bool 0 or 1; NULL for text and for NaN."""

    inherit_cache = True
    name = "trackboard_json_number"
    type = sa.Double()


class json_text(sa.sql.expression.FunctionElement[str]):  # noqa: N801 - read as an SQL function
    """The text that some JSON is; NULL for all else."""

    inherit_cache = True
    name = "trackboard_json_text"
    type = sa.Text()


def add_functions(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection of SQLite."""
    for element, function in ((json_number, number_of), (json_text, _text)):
        connection.create_function(element.name, 1, function, deterministic=True)
    connection.create_function(text_matches.name, 2, matches, deterministic=True)


@lru_cache(maxsize=4096)  # most parameters have few values
def number_of(text: str) -> float | None:
    """The number that some JSON is, as `json_number` says it."""
    if text.startswith('"'):
        return None
    if text in ("true", "false"):
        return float(text == "true")
    number = float(text)  # it knows NaN and Infinity, as Python writes them into JSON
    return None if math.isnan(number) else number


def _text(text: str) -> str | None:
    if not text.startswith('"'):
        return None
    return str(json.loads(text)).encode("utf-8", "backslashreplace").decode()


@compiles(json_number)
@compiles(json_text)
def _by_name(element: json_number | json_text, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    return f"{element.name}({compiler.process(column, **options)})"


@compiles(json_number, "postgresql")
def _number_there(element: json_number, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    json = compiler.process(column, **options)
    return (
        f"(CASE WHEN {json} = 'true' THEN 1.0 WHEN {json} = 'false' THEN 0.0"
        f" WHEN left({json}, 1) IN ('\"', 'N') THEN NULL ELSE ({json})::double precision END)"
    )


@compiles(json_text, "postgresql")
def _text_there(element: json_text, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    json = compiler.process(column, **options)
    decoded = f"({json})::jsonb #>> '{{}}'"  # which takes neither NUL nor lone surrogates
    odd = f"strpos({json}, '\\u0000') > 0"
    return (
        f"(CASE WHEN left({json}, 1) <> '\"' THEN NULL WHEN {odd} THEN {json} ELSE {decoded} END)"
    )
