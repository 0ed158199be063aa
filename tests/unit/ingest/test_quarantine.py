"""What cannot be stored is kept apart and counted; everything else is stored, in order."""

import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workspaces import ingest_of

from trackboard.errors import InternalError, TrackboardError, Unavailable
from trackboard.ingest import Ingest
from trackboard.ingest.quarantine import MOST_REFUSED
from trackboard.layout.paths import QUARANTINE
from trackboard.model import Run, RunId, RunState, Tagged
from trackboard.ports import Batch, Store, Unstorable
from trackboard.record import Recorder
from trackboard.spool import SpoolWriter, list_writers
from trackboard.spool.layout import HEADER
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore

RUN = RunId("r")
BAD = "cannot be stored"


class Particular(MemoryStore):
    """A store that cannot hold one tag's key, as a database's own limits may be."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        super().__init__()
        self._error = error

    def apply(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            if any(isinstance(event, Tagged) and event.key == BAD for event in batch.events):
                raise self._error()
        super().apply(batches)


def reader_of(folder: Path, store: Store) -> Ingest:
    return ingest_of(folder, store)


def run_of(store: Store, run: RunId = RUN) -> Run:
    found = store.find_run(run)
    assert found is not None
    return found


def numbers_of(store: Store, run: RunId) -> list[float]:
    (series,) = store.list_series(runs=[run], text=False)
    return store.read_points([series.id])[series.id].values.tolist()  # type: ignore[no-any-return]


def pack_record(payload: bytes) -> bytes:
    return HEADER.pack(len(payload), crc32(payload)) + payload


def append(writer: SpoolWriter, payload: bytes) -> None:
    """Write a record that no writer of ours writes."""
    (segment,) = (writer._spool_folder / writer.writer).glob("*.seg")
    with segment.open("ab") as file:
        file.write(pack_record(payload))


def too_long() -> Exception:
    return Unstorable("too long")


@pytest.mark.parametrize(
    ("error", "places"),
    [
        (too_long, [0]),
        (too_long, [500]),
        (too_long, [999]),
        (too_long, [0, 1, 2, 499, 998, 999]),
        (too_long, [*range(300, 350)]),
        (lambda: OverflowError("too large"), [500]),
        (lambda: KeyError(1), [500]),
    ],
)
def test_a_store_that_cannot_hold_some_records_gets_all_others(
    tmp_path: Path, error: Callable[[], Exception], places: list[int]
) -> None:
    store = Particular(error)
    bad, good = (Recorder(tmp_path / "spool", segment_bytes=9000) for _ in range(2))
    run, other = bad.create_run("exp", run_id=RUN), good.create_run("exp")
    for number in range(1000):
        run.log("n", number)
        run.set_tag(BAD if number in places else f"tag {number}", str(number))
        other.log("n", number)
    reader_of(tmp_path, store).drain()
    assert numbers_of(store, RUN) == numbers_of(store, other.id) == list(range(1000))
    tags = store.get_tags(RUN)
    assert tags == {f"tag {k}": str(k) for k in range(1000) if k not in places}
    refused = store.list_refused()
    assert [json.loads(each.data)["value"] for each in refused] == [str(k) for k in places]
    assert {(each.writer, each.run) for each in refused} == {(bad.writer.writer, RUN)}
    assert run_of(store).lost_points == len(places)
    assert "refused" in run_of(store).warnings[0]
    assert run_of(store, other.id).warnings == ()


@pytest.mark.parametrize(
    "error",
    [
        lambda: Unavailable("the disk is full"),
        lambda: InternalError("no such table: tag"),
        lambda: MemoryError(),
    ],
)
def test_what_is_no_record_s_fault_refuses_nothing(
    tmp_path: Path, error: Callable[[], Exception]
) -> None:
    store = Particular(error)
    recorder = Recorder(tmp_path / "spool")
    recorder.create_run("exp", run_id=RUN).set_tag(BAD, "v")
    recorder.close()
    for _ in range(2):
        with pytest.raises((TrackboardError, MemoryError)):
            reader_of(tmp_path, store).drain()
    assert store.list_refused() == ()
    assert len(list_writers(tmp_path / "spool")) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=2) | st.dictionaries(st.text(max_size=3), inside, max_size=2)
    ),
    max_leaves=4,
) | st.sampled_from([2**63, -(2**63) - 1, 10**30, 10**400, "r", "x" * 3000, 0, 1])
KINDS = {
    "series": ["id", "run", "name", "table"],
    "file": ["id", "run", "path"],
    "created": ["run", "experiment", "name", "parent", "kind", "time_s", "description"],
    "state": ["run", "state", "attempt", "sequence", "time_s", "cause", "elapsed_s"],
    "tag": ["run", "key", "value", "removed"],
    "property": ["run", "key", "value"],
    "parameter": ["run", "name", "value"],
    "file_added": ["run", "path", "key", "size_bytes", "time_s"],
    "text": ["run", "name", "value", "step", "time_s", "table"],
    "artifact": ["run", "name", "kind", "path", "key", "size_bytes", "step", "time_s"],
    "lost": ["run", "count", "reason"],
    "heartbeat": ["time_s"],
    "segment": ["format", "writer", "number", "before", "continues"],
}
SOUND = {
    **{"run": "other", "name": "a", "key": "k", "value": "v", "path": "p", "table": "", "id": 77},
    **{"experiment": "exp", "parent": None, "kind": "job", "time_s": 1.0, "description": ""},
    **{"state": "running", "attempt": 0, "sequence": 1, "cause": "", "elapsed_s": None},
    **{"removed": False, "size_bytes": 1, "step": None, "count": 1, "reason": "full"},
    **{"format": 1, "writer": "w", "number": 0, "before": None, "continues": ""},
}
ODD = st.sampled_from([(kind, field) for kind, fields in KINDS.items() for field in fields])


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_sqlite(tmp_path_factory.mktemp("odd") / "trackboard.db")
    yield store
    store.close()


@settings(deadline=None, max_examples=30)
@given(odd=st.lists(st.tuples(ODD, JSON), min_size=1, max_size=30))
def test_no_value_in_any_field_keeps_anything_else_from_being_stored(
    shared_store: Store, odd: list[tuple[tuple[str, str], object]]
) -> None:
    store = shared_store
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorder, healthy = Recorder(folder / "spool"), Recorder(folder / "spool")
        run, other = recorder.create_run("exp"), healthy.create_run("exp")
        run.log("n", 1.0)
        other.log("n", 1.0)
        for (kind, field), value in odd:
            record = {"k": kind, **{name: SOUND[name] for name in KINDS[kind]}, field: value}
            append(recorder.writer, json.dumps(record).encode())
        reader_of(folder, store).drain()
        run.log("n", 2.0)
        reader = reader_of(folder, store)
        reader.drain()
        assert numbers_of(store, run.id) == [1.0, 2.0]
        assert numbers_of(store, other.id) == [1.0]
        assert len(store.list_refused(recorder.writer.writer)) <= len(odd)
        assert reader.unread_bytes() == 0
        recorder.close()
        healthy.close()


def test_counts_that_add_up_to_more_than_a_database_holds(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "spool")
    recorder.create_run("exp", run_id=RUN)
    for _ in range(3):
        append(recorder.writer, b'{"k":"lost","run":"r","count":9223372036854775807,"reason":"x"}')
    store = open_sqlite(tmp_path / "trackboard.db")
    reader_of(tmp_path, store).drain()
    assert run_of(store).lost_points == 2**63 - 1
    assert store.list_refused() == ()
    store.close()


def test_a_spool_of_too_many_such_records_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_sqlite(tmp_path / "trackboard.db")
    bad, good = Recorder(tmp_path / "spool"), Recorder(tmp_path / "spool")
    run, other = bad.create_run("exp", run_id=RUN), good.create_run("exp")
    run.log("n", 1.0)
    reader = reader_of(tmp_path, store)
    for number in range(MOST_REFUSED - 1):
        append(bad.writer, b'{"k":"tag","run":"r","key":%d,"value":null}' % number)
    reader.drain()
    assert len(list_writers(tmp_path / "spool")) == 2
    append(bad.writer, b'{"k":"tag"}')
    other.log("n", 1.0)
    with caplog.at_level(logging.WARNING):
        reader_of(tmp_path, store).drain()
        reader_of(tmp_path, store).drain()
    assert list_writers(tmp_path / "spool") == [good.writer.writer]
    (kept,) = (tmp_path / QUARANTINE).iterdir()
    assert kept.name == bad.writer.writer
    assert caplog.text.count(str(kept)) == 1
    assert store.count_refused([bad.writer.writer, good.writer.writer]) == {
        bad.writer.writer: MOST_REFUSED
    }
    assert (run_of(store).state, run_of(store).lost_points) == (RunState.FAILED, MOST_REFUSED - 1)
    assert "set aside" in run_of(store).cause
    assert numbers_of(store, other.id) == [1.0]
    store.close()


def test_a_newer_format_is_left_alone_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = tmp_path / "spool" / "0123"
    newer.mkdir(parents=True)
    (newer / "alive").write_text("{}")
    (newer / "0.seg").write_bytes(
        pack_record(b'{"k":"segment","format":2,"writer":"0123","number":0}')
        + b"what we do not know"
    )
    store = MemoryStore()
    recorder = Recorder(tmp_path / "spool")
    recorder.create_run("exp", run_id=RUN).log("n", 1.0)
    reader = reader_of(tmp_path, store)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            reader.drain(patience_s=0.0)
            assert reader.refresh(0.0) == reader.unread_bytes() == 0
    assert caplog.text.count(str(newer)) == 1
    assert numbers_of(store, RUN) == [1.0]
    assert (newer / "0.seg").stat().st_size > 50
    assert store.positions().keys() == {recorder.writer.writer}
