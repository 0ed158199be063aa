"""Whether a regular expression is found in a text: RE2 says so for SQLite, PostgreSQL by itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from trackboard.ports.store.pattern import compile_pattern


class text_matches(sa.sql.expression.FunctionElement[bool]):  # noqa: N801 - read as an SQL function
    """Whether a pattern, the second argument, is found in the first; NULL where that is."""

    inherit_cache = True
    name = "trackboard_matches"
    type = sa.Boolean()


def matches(text: str | None, pattern: str) -> bool | None:
    """Answer for SQLite."""
    return None if text is None else compile_pattern(pattern)(text)


@compiles(text_matches)
def _by_name(element: text_matches, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"{element.name}({text}, {pattern})"


@compiles(text_matches, "postgresql")
def _there(element: text_matches, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({text} ~ {pattern})"
