"""The short form of a text, which is what an index holds where the database limits its rows.

SQLite has no limit, so the short form is the column itself there, and databases of any age are as they
were. PostgreSQL refuses rows of an index above 2,704 bytes: there the short form of a text of more than
255 characters is its begin and its MD5, 256 characters together. So two texts have the same short form
only when they are equal, or were built to collide.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

WHOLE = 255  # characters of a text that is its own short form
_BEGIN = 224  # of a longer one; MD5 has 32 digits


def storable(text: str) -> str:
    """The same text, with lone surrogates and NUL escaped: one odd name must not block a stream."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def shorten(text: str) -> str:
    """What PostgreSQL computes for `short` of a stored text."""
    if len(text) <= WHOLE:
        return text
    return text[:_BEGIN] + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Text(sa.TypeDecorator[str]):
    """Text that any database accepts (see `storable`), sorted by its code points."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column's type: PostgreSQL would sort by the language of its system."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(sa.Text(collation=collation))

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """The text as it is stored."""
        del dialect
        return value if value is None else storable(value)


class _ShortText(Text):
    """The type of a short form: texts that are compared with one are shortened as well."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        stored = super().process_bind_param(value, dialect)
        return stored if stored is None or dialect.name != "postgresql" else shorten(stored)


class short(sa.sql.expression.FunctionElement[str]):  # noqa: N801 - read as an SQL function
    """The short form of a text column: index it, and compare it with whole texts to find them."""

    inherit_cache = True
    name = "short"
    type = _ShortText()


@compiles(short)
def _as_it_is(element: short, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    return compiler.process(column, **options)


@compiles(short, "postgresql")
def _shortened(element: short, compiler: SQLCompiler, **options: Any) -> str:
    text = _as_it_is(element, compiler, **options)
    long = f"left({text}, {_BEGIN}) || md5({text})"
    return f"(CASE WHEN char_length({text}) <= {WHOLE} THEN {text} ELSE {long} END)"
