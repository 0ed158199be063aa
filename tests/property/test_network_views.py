"""A reader of a network folder sees names and sizes late, in any order; in the end it has read all."""

import functools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workspaces import ingest_of

from trackboard.ingest import Ingest
from trackboard.model import RunId
from trackboard.record import Recorder
from trackboard.spool import list_writers
from trackboard.testing.memory import MemoryStore

RUN = RunId("r")
POINTS = 400


@functools.cache
def recorded() -> tuple[str, dict[str, bytes]]:
    """A writer's id and the bytes of its segments."""
    with tempfile.TemporaryDirectory() as name:
        recorder = Recorder(Path(name), segment_bytes=2000)
        run = recorder.create_run("exp", run_id=RUN)
        for number in range(POINTS):
            run.log(f"n{number % 3}", number)
            if number % 100 == 0:
                run.log("said", str(number), number)
        (writer,) = list_writers(Path(name))
        contents = {path.name: path.read_bytes() for path in (Path(name) / writer).glob("*.seg")}
        recorder.close()
    return writer, contents


class View:
    """The folder of one writer, as much of it as another host is shown so far."""

    def __init__(self, folder: Path) -> None:
        writer, self.contents = recorded()
        self.shown = folder / "spool" / writer
        self.shown.mkdir(parents=True)
        alive = '{"host":"elsewhere","boot":"another","pid":1,"started_s":1.0,"locked":true}'
        (self.shown / "alive").write_text(alive)

    def show(self, name: str, share: float) -> None:
        """Show the begin of a file, never less than before."""
        path, content = self.shown / name, self.contents[name]
        known = path.stat().st_size if path.exists() else 0
        path.write_bytes(content[: max(known, round(share * len(content)))])

    def show_all(self) -> None:
        for name in self.contents:
            self.show(name, 1.0)


def reader_of(folder: Path, store: MemoryStore, now_s: list[float]) -> Ingest:
    return ingest_of(folder, store, is_local=False, clock=lambda: now_s[0])


def numbers_of(store: MemoryStore) -> list[list[float]]:
    found = {each.name: each.id for each in store.list_series(runs=[RUN], text=False)}
    points = store.read_points([*found.values()])
    return [points[found[name]].values.tolist() for name in sorted(found)]


WHOLE = [list(range(first, POINTS, 3)) for first in range(3)]
SHARES = st.sampled_from([0.0, 0.0, 0.1, 0.5, 0.9, 1.0]) | st.floats(0, 1)


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(
        st.lists(st.tuples(st.integers(0, 30), SHARES), min_size=1, max_size=6), max_size=8
    ),
    renewed=st.sets(st.integers(0, 8)),
)
def test_whatever_is_seen_meanwhile_all_is_read_once_and_in_order(
    steps: list[list[tuple[int, float]]], renewed: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, store, now_s = Path(name), MemoryStore(), [0.0]
        view = View(folder)
        names = sorted(view.contents)
        assert len(names) > 8
        reader = reader_of(folder, store, now_s)
        for number, seen in enumerate(steps):
            for place, share in seen:
                view.show(names[place % len(names)], share)
            if number in renewed:
                reader = reader_of(folder, store, now_s)
            now_s[0] += 10
            reader.drain(patience_s=0.0)
            for got, whole in zip(numbers_of(store), WHOLE, strict=False):
                assert got == whole[: len(got)]
        view.show_all()
        reader.drain(patience_s=0.0)
        assert numbers_of(store) == WHOLE
        found = store.find_run(RUN)
        assert found is not None
        assert (found.lost_points, found.warnings) == (0, ())
        (text,) = store.list_series(runs=[RUN], text=True)
        assert text.count == 4


@settings(deadline=None, max_examples=40)
@given(missing=st.integers(0, 8), share=st.floats(0, 0.95), silent=st.booleans())
def test_what_never_comes_is_waited_for_and_then_counted(
    missing: int, share: float, silent: bool
) -> None:
    """The rest is not held back for ever; what comes all the same is said."""
    with tempfile.TemporaryDirectory() as name:
        folder, store, now_s = Path(name), MemoryStore(), [0.0]
        view = View(folder)
        names = sorted(view.contents, key=lambda each: int(each[:-4]))
        late = names[missing]
        for each in names:
            view.show(each, share if each == late else 1.0)
        reader = reader_of(folder, store, now_s)
        reader.drain(patience_s=0.0)
        before = sum(map(len, numbers_of(store)))
        if not silent:  # it comes within two minutes
            now_s[0] += 100
            reader.drain(patience_s=0.0)
            assert sum(map(len, numbers_of(store))) == before
            view.show_all()
            reader.drain(patience_s=0.0)
            assert numbers_of(store) == WHOLE
            return
        for _ in range(2):  # for a segment to begin, and for it to end
            now_s[0] += 121
            reader.drain(patience_s=0.0)
        got = [set(each) for each in numbers_of(store)]
        assert all(each <= set(whole) for each, whole in zip(got, WHOLE, strict=False))
        assert sum(map(len, got)) > POINTS - 70, "of the other segments nothing is missing"
        found = store.find_run(RUN)
        assert found is not None
        assert any("damaged" in text for text in found.warnings)
        view.show_all()
        reader.drain(patience_s=0.0)
        found = store.find_run(RUN)
        assert found is not None
        assert any("came too late" in text for text in found.warnings)
