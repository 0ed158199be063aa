"""Corners of the tables that the contract does not go into."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.model import FileAdded, RunId
from trackboard.ports import Model
from trackboard.stores import SqlStore, open_sqlite
from trackboard.testing.speaker import Speaker, created

R = RunId("r")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_sqlite(tmp_path / "trackboard.db")
    yield store
    store.close()


def test_a_model_that_was_added_is_not_changed_by_what_it_was_made_of(store: SqlStore) -> None:
    files, tags, properties = {"a": "key"}, {"t": "1"}, {"p": "x"}
    added = store.add_model(Model("m", 9, None, files, tags, properties, "", "", "", 1.0))
    for each in (files, tags, properties):
        each.clear()
    expected = Model("m", 1, None, {"a": "key"}, {"t": "1"}, {"p": "x"}, "", "", "", 1.0)
    assert added == expected
    assert store.list_models("m") == (expected,)


@pytest.mark.parametrize(
    ("word", "paths"),
    [("a_b", ["a_b.txt"]), ("100%", ["100%.txt"]), ("%", ["100%.txt"]), ("/", ["logs/x"])],
)
def test_words_of_paths_are_no_patterns(store: SqlStore, word: str, paths: list[str]) -> None:
    every = ["a_b.txt", "axb.txt", "100%.txt", "1000.txt", "logs/x"]
    added = [FileAdded(R, path, "key", 1, 1.0) for path in every]
    store.apply([Speaker().batch(created("r"), *added)])
    found = store.find_files([word])
    assert {run: [file.path for file in files] for run, files in found.items()} == {R: paths}
    assert store.find_files([]) == {}
