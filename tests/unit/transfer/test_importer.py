"""Importing: everything arrives, exactly once, whoever is interrupted and however often it is repeated."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from tests.histories import column, describe_history, points_of

from trackboard.blobs import open_folder
from trackboard.errors import Conflict, Unavailable
from trackboard.model import (
    ArtifactKind,
    RunId,
    RunKind,
    RunState,
    TextLogged,
    ValueKind,
)
from trackboard.ports import Batch, SeriesPoints
from trackboard.stores import SqlStore, open_sqlite
from trackboard.transfer.importer import import_runs
from trackboard.transfer.report import ImportReport
from trackboard.transfer.run_source import (
    LeftOut,
    LoggedAs,
    RunContent,
    RunDescription,
    RunHead,
    SourceFile,
)

ONE, TWO = RunId("one"), RunId("two")


class Source:
    """Runs that are at hand."""

    kind, location = "test", "here"

    def __init__(self, **runs: RunContent) -> None:
        self.runs = runs
        self.read_runs: list[RunId] = []

    def list_runs(self) -> Sequence[RunHead]:
        return [
            RunHead(RunId(name), f"its {name}", hash_of(content))
            for name, content in self.runs.items()
        ]

    def read(self, head: RunHead) -> RunContent:
        self.read_runs.append(head.id)
        return self.runs[head.id]

    def list_left_out(self) -> Iterable[LeftOut]:
        return [LeftOut("here", "all else")]

    def close(self) -> None:
        pass


def hash_of(content: RunContent) -> int:
    counts = [(part.name, len(part.steps)) for part in content.points]
    return abs(hash(repr((content.run, counts, len(content.texts), len(content.files))))) >> 2


def numbers(run: RunId, name: str, count: int, begin: int = 0) -> SeriesPoints:
    steps = np.arange(begin, begin + count, dtype=np.int64)
    return SeriesPoints(
        run,
        name,
        ValueKind.FLOAT,
        steps,
        np.ones(count, np.bool_),
        column(*(steps + 100.5)),
        column(*(steps / 2)),
    )


def file(path: str, data: bytes, value: LoggedAs | None = None) -> SourceFile:
    return SourceFile(path, len(data), 7.5, lambda: io.BytesIO(data), value)


def whole(run: RunId, **changes: Any) -> RunContent:
    told = RunDescription(
        experiment="digits",
        created_s=100.0,
        name="first",
        kind=RunKind.JOB,
        state=RunState.FAILED,
        cause="it broke",
        started_s=101.0,
        ended_s=190.0,
        description="what for",
        tags={"team": "vision", "plain": None},
        properties={"commit": "c0ffee"},
        parameters={"lr": 0.1, "layers": 3, "name": "adam", "on": True},
        lost_points=4,
    )
    images = [
        file(f"images/{step}.png", b"png%d" % step, LoggedAs("image", ArtifactKind.IMAGE, step))
        for step in (1, 2)
    ]
    content = RunContent(
        told,
        points=[numbers(run, "loss", 300), numbers(run, "accuracy", 5)],
        texts=[TextLogged(run, "note", text, step, 120.0) for step, text in ((1, "a"), (5, "b"))],
        files=[file("model.pt", b"weights"), *images],
    )
    return replace(content, **changes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_sqlite(tmp_path / "store.db", network_folder=False)
    yield opened
    opened.close()


def run_import(source: Source, store: Any, tmp_path: Path, **options: Any) -> ImportReport:
    return import_runs(source, store, open_folder(tmp_path / "blobs"), **options)


def test_everything_of_a_run_arrives(store: SqlStore, tmp_path: Path) -> None:
    report = run_import(Source(one=whole(ONE)), store, tmp_path)
    assert (report.new, report.points, report.files) == (1, 307, 3)
    assert report.left_out == (LeftOut("here", "all else"),)
    found = describe_history(store, open_folder(tmp_path / "blobs"))[ONE]
    assert found["run"] == {
        "experiment": "digits",
        "given_name": "first",
        "parent": None,
        "kind": RunKind.JOB,
        "state": RunState.FAILED,
        "cause": "it broke",
        "created_s": 100.0,
        "started_s": 101.0,
        "ended_s": 190.0,
        "description": "what for",
        "lost_points": 4,
    }
    assert found["tags"] == {"team": "vision", "plain": None}
    assert found["properties"] == {"commit": "c0ffee"}
    assert found["parameters"] == {"lr": 0.1, "layers": 3, "name": "adam", "on": True}
    assert list(found["files"]) == ["images/1.png", "images/2.png", "model.pt"]
    assert [each[:5] for each in found["artifacts"]] == [
        ("image", ArtifactKind.IMAGE, "images/1.png", 4, 1),
        ("image", ArtifactKind.IMAGE, "images/2.png", 4, 2),
    ]
    assert points_of(store, ONE, "loss") == [(i, i + 100.5, i / 2) for i in range(300)]
    assert found["series"]["note", "TEXT"] == ("", [1, 5], [120.0, 120.0], ["'a'", "'b'"])


def test_a_second_import_reads_and_changes_nothing(store: SqlStore, tmp_path: Path) -> None:
    run_import(Source(one=whole(ONE), two=whole(TWO)), store, tmp_path)
    version, again = store.version(), Source(one=whole(ONE), two=whole(TWO))
    report = run_import(again, store, tmp_path)
    assert (report.new, report.changed, report.unchanged, report.points) == (0, 0, 2, 0)
    assert (store.version(), again.read_runs) == (version, [])


def test_of_a_run_that_went_on_only_what_is_new_is_stored(store: SqlStore, tmp_path: Path) -> None:
    begun = RunDescription("digits", 100.0, state=RunState.RUNNING, started_s=100.0)
    first = RunContent(begun, points=[numbers(ONE, "loss", 10)], files=[file("a", b"a")])
    run_import(Source(one=first), store, tmp_path)
    found = store.find_run(ONE)
    assert found is not None
    assert (found.state, found.cause) == (
        RunState.FAILED,
        "it had not ended when it was imported",
    )
    store.set_tags(ONE, {"team": "ours"})
    more = replace(
        begun, state=RunState.COMPLETED, ended_s=150.0, tags={"team": "theirs", "x": "1"}
    )
    later = RunContent(
        more,
        points=[numbers(ONE, "loss", 25), numbers(ONE, "new", 2)],
        texts=[TextLogged(ONE, "note", "a", 1, 120.0)],
        files=[file("a", b"a"), file("b", b"bb")],
    )
    report = run_import(Source(one=later), store, tmp_path)
    assert (report.new, report.changed, report.points, report.files) == (0, 1, 18, 1)
    once = describe_history(store)[ONE]
    assert (once["run"]["state"], once["run"]["ended_s"]) == (RunState.COMPLETED, 150.0)
    assert once["tags"] == {"team": "ours", "x": "1"}  # what was changed here stays
    assert points_of(store, ONE, "loss") == [(i, i + 100.5, i / 2) for i in range(25)]


class Interrupted(BaseException):
    """Somebody pulled the plug."""


class InterruptedStore:
    """A store whose process dies at the n-th write, before or after it."""

    def __init__(self, store: SqlStore, at: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def apply(self, batches: Sequence[Batch]) -> None:
        self._write(lambda: self._store.apply(batches))

    def end_writer(self, *given: Any, **more: Any) -> None:
        self._write(lambda: self._store.end_writer(*given, **more))

    def _write(self, write: Any) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Interrupted
        write()
        if self._left == 0:
            raise Interrupted


def sample_source() -> Source:
    going = RunDescription("digits", 90.0, state=RunState.RUNNING, started_s=90.0)
    return Source(
        one=whole(ONE),
        two=whole(TWO),
        going=RunContent(going, points=[numbers(RunId("going"), "loss", 120)]),
    )


@pytest.mark.parametrize("after", [False, True])
def test_repeated_after_a_kill_at_any_write_it_is_the_same(tmp_path: Path, after: bool) -> None:
    batches = {"batch_points": 70, "batch_runs": 2}
    straight = open_sqlite(tmp_path / "straight.db", network_folder=False)
    run_import(sample_source(), straight, tmp_path, **batches)
    expected = describe_history(straight, open_folder(tmp_path / "blobs"))
    straight.close()
    at = 0
    while True:
        at += 1
        store = open_sqlite(tmp_path / f"{at}.db", network_folder=False)
        try:
            interrupted = InterruptedStore(store, at, after=after)
            run_import(sample_source(), interrupted, tmp_path, **batches)
        except Interrupted:
            run_import(sample_source(), store, tmp_path, **batches)
            assert describe_history(store, open_folder(tmp_path / "blobs")) == expected
            version = store.version()
            run_import(sample_source(), store, tmp_path, **batches)
            assert store.version() == version
        else:
            break
        finally:
            store.close()
    assert at > 8


def test_two_imports_at_once_are_told_and_nothing_is_stored_twice(
    store: SqlStore, tmp_path: Path
) -> None:
    other = Source(one=whole(ONE))

    class Overtaken(Source):
        def read(self, head: RunHead) -> RunContent:
            run_import(other, store, tmp_path)
            return super().read(head)

    with pytest.raises(Conflict, match="somebody else imports the same runs now"):
        run_import(Overtaken(one=whole(ONE)), store, tmp_path)
    assert len(points_of(store, ONE, "loss")) == 300


def test_a_dry_run_counts_and_writes_nothing(store: SqlStore, tmp_path: Path) -> None:
    version = store.version()
    report = run_import(Source(one=whole(ONE)), store, tmp_path, is_dry_run=True)
    assert (report.new, report.points, report.files, report.size_bytes) == (1, 307, 3, 15)
    assert report.is_dry_run
    assert store.version() == version
    assert not (tmp_path / "blobs").exists()


def test_runs_that_are_here_for_other_reasons_are_left_alone(
    store: SqlStore, tmp_path: Path
) -> None:
    run_import(Source(one=whole(ONE)), store, tmp_path)
    store.delete_experiment("digits", 1.0)
    again = run_import(Source(one=whole(ONE)), store, tmp_path)
    assert again.left_out[0] == LeftOut("its one", "the run was deleted here")
    assert store.list_runs() == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"points": [numbers(ONE, "", 1)]}, "a metric without a name"),
        ({"points": [numbers(ONE, "x" * 3000, 1)]}, "more than 2,048 characters"),
        ({"texts": [TextLogged(ONE, "", "t", 1, 1.0)]}, "a metric without a name"),
        ({"files": [file("../out", b"")]}, "no path that may be kept"),
        ({"left_out": ["a picture"]}, "a picture"),
    ],
)
def test_what_cannot_be_kept_is_told_and_all_else_is(
    store: SqlStore, tmp_path: Path, content: dict[str, Any], why: str
) -> None:
    report = run_import(Source(one=whole(ONE, **content)), store, tmp_path)
    assert (report.new, report.left_out_count) == (1, 2)
    assert report.left_out[0].what == "its one"
    assert why in report.left_out[0].why
    assert store.find_run(ONE) is not None


def test_a_file_that_cannot_be_read_is_told(store: SqlStore, tmp_path: Path) -> None:
    def read() -> BinaryIO:
        return (tmp_path / "missing").open("rb")

    missing = SourceFile("a", 1, 0.0, read)
    report = run_import(Source(one=whole(ONE, files=[missing])), store, tmp_path)
    assert "file 'a' cannot be read" in report.left_out[0].why


def test_a_disk_that_refuses_ends_it_and_it_may_be_repeated(
    store: SqlStore, tmp_path: Path
) -> None:
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(Unavailable, match="could not be kept"):
        run_import(Source(one=whole(ONE)), store, tmp_path)
    (tmp_path / "blobs").unlink()
    assert run_import(Source(one=whole(ONE)), store, tmp_path).new == 1


def test_it_says_how_far_it_is(store: SqlStore, tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    run_import(
        Source(one=whole(ONE), two=whole(TWO)),
        store,
        tmp_path,
        progress=lambda *given: told.append(given),
    )
    assert told == [(1, 2, 307), (2, 2, 614)]
