"""What SQLAlchemy compiled for one database serves all others of the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.sql.compiler import SQLCompiler

from trackboard.stores import open_sqlite


def use(path: Path) -> None:
    store = open_sqlite(path)
    store.list_runs()
    store.list_series(names=["loss"])
    store.version()
    store.close()


def test_a_second_database_compiles_no_statement_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path / "first.db")
    compiled = []
    begin = SQLCompiler.__init__

    def count(self: SQLCompiler, *arguments: Any, **more: Any) -> None:
        compiled.append(self)
        begin(self, *arguments, **more)

    monkeypatch.setattr(SQLCompiler, "__init__", count)
    use(tmp_path / "second.db")
    assert compiled == []
