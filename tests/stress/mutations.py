"""Bytes that were changed by whoever: spools, definitions, chunks of the database, event files."""

import json
import math
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.errors import TrackboardError
from trackboard.eventfile import read as event_files
from trackboard.model import RunId, TextLogged
from trackboard.ports import Points
from trackboard.record import Recorder
from trackboard.spool import iter_payloads
from trackboard.spool.layout import HEADER, KIND_JSON
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created, numbers

_AT_ONCE = 40  # spools of one workspace
_HEALTHY = 50  # points of the run beside them
_ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400),
    *(0.5, math.nan, math.inf, 1e308, "", "x", "\0", "\ud800", "../../../evil", "ü" * 5000),
    *([], {}, [1], {"k": "series"}, [[[[[]]]]], {"a": {"b": {}}}),
)


# -- bytes -----------------------------------------------------------------------------------------------


def change_bytes(data: bytes, chance: random.Random) -> bytes:
    """Flip, insert, drop, repeat, swap, zero or cut something."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.choice((1, 4, 8, 40, 500)))
        how = chance.randrange(7)
        if how == 0 and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            changed[at:end] = chance.randbytes(end - at)
        elif how == 2:
            changed[at:at] = chance.randbytes(chance.choice((1, 3, 40)))
        elif how == 3:
            del changed[at:end]
        elif how == 4:
            changed[at:at] = changed[at:end]
        elif how == 5:
            changed[at:end] = bytes(end - at)
        else:
            del changed[at:]
    return bytes(changed)


def change_a_record(data: bytes, chance: random.Random, *, only: tuple[str, ...] = ()) -> bytes:
    """Give one record of a segment an odd value, and the right checksum again.

    Args:
        data: A sound segment.
        chance: Decides.
        only: Kinds of JSON records to choose from; all when empty.
    """
    payloads = [bytes(payload) for payload in iter_payloads(memoryview(data))]
    chosen = [index for index, payload in enumerate(payloads) if _is_of(payload, only)]
    if chosen:
        index = chance.choice(chosen)
        payloads[index] = _odd_payload(payloads[index], chance)
    return b"".join(HEADER.pack(len(each), crc32(each)) + each for each in payloads if each)


def _is_of(payload: bytes, kinds: tuple[str, ...]) -> bool:
    return not kinds or (payload[0] == KIND_JSON and json.loads(payload)["k"] in kinds)


def _odd_payload(payload: bytes, chance: random.Random) -> bytes:
    if payload[0] != KIND_JSON or chance.random() < 0.1:
        return change_bytes(payload, chance)
    if chance.random() < 0.02:
        return b'{"k":"tag","deep":' + b"[" * 100_000
    record = json.loads(payload)
    key = chance.choice([*record, "new"])
    odd = chance.choice(_ODD)
    if chance.random() < 0.1:
        record.pop(key, None)
    else:
        record[key] = odd
    return json.dumps(record, separators=(",", ":")).encode()


# -- spools ------------------------------------------------------------------------------------------------


def mutate_spools(folder: Path, count: int, *, seed: int, definitions: bool = False) -> None:
    """Read mutated spools beside a healthy run: nobody is stopped, and the healthy run is whole.

    Args:
        folder: Where to work.
        count: How many spools.
        seed: Decides all.
        definitions: Change definitions and headers only, with right checksums.
    """
    chance = random.Random(seed)
    original = [path.read_bytes() for path in _record_all(folder / "original")]
    for begin in range(0, count, _AT_ONCE):
        here = folder / f"of-{begin}"
        workspace = Workspace.open(here)
        for number in range(begin, min(begin + _AT_ONCE, count)):
            spool = parts(workspace).spool_folder / f"{number:032x}"
            spool.mkdir(parents=True)
            _write_mutated(spool, original, chance, definitions=definitions)
        _record_healthy(parts(workspace).spool_folder)
        for _ in range(2):  # the second finds what the first left
            parts(workspace).drain()
            workspace.close()
            workspace = Workspace.open(here)
        _check_healthy(workspace, where=f"seed {seed}, spools from {begin}")
        workspace.close()
        assert not list(folder.rglob("evil")), "something was written outside of its run"


def _record_all(folder: Path) -> list[Path]:
    """A spool of some segments with every kind of record; its segments."""
    recorder = Recorder(folder, segment_bytes=1500)
    run = recorder.create_run("mutated", name="m", run_id="mutated")
    for number in range(30):
        run.log("float", number / 4, number)
        run.log("int", number)
    run.log("text", "some text")
    run.log_row("table", {"x": 1, "y": "two", "z": True})
    run.set_tag("tag", "value")
    run.add_property("property", "value")
    run.set_parameter("parameter", 0.1)
    run.append_bytes("logs/out.txt", 0, b"line\n")
    run.add_file("file", "sha256:" + 64 * "0", 5)
    run.child("child", run_id="mutated-child").complete()
    recorder.beat()
    run.complete()
    recorder.close()
    (spool,) = folder.iterdir()
    return sorted(spool.glob("*.seg"), key=lambda path: int(path.stem))


def _write_mutated(
    spool: Path, original: list[bytes], chance: random.Random, *, definitions: bool
) -> None:
    target = chance.randrange(len(original))
    for number, data in enumerate(original):
        changed = data
        if number == target and definitions:
            changed = change_a_record(data, chance, only=("segment", "series", "file"))
        elif number == target:
            change = chance.choice((change_bytes, change_a_record))
            changed = change(data, chance)
        (spool / f"{number}.seg").write_bytes(changed)
    alive = {"host": "x", "boot": "y", "pid": 1, "started_s": 1.0, "locked": True}
    (spool / "alive").write_text(json.dumps(alive))


def _record_healthy(spool_folder: Path) -> None:
    recorder = Recorder(spool_folder)
    run = recorder.create_run("healthy", run_id="healthy")
    for number in range(_HEALTHY):
        run.log("n", number)
    run.complete()
    recorder.close()


def _check_healthy(workspace: Workspace, *, where: str) -> None:
    run = parts(workspace).store.find_run(RunId("healthy"))
    assert run is not None, where
    assert (run.state.value, run.warnings, run.lost_points) == ("completed", (), 0), where
    (series,) = parts(workspace).store.list_series(runs=[run.id])
    values = parts(workspace).store.read_points([series.id])[series.id].values.tolist()
    assert values == list(range(_HEALTHY)), where


# -- chunks ------------------------------------------------------------------------------------------------


def mutate_chunks(folder: Path, count: int, *, seed: int) -> tuple[int, int]:
    """Read series whose chunks were changed: refused in words, or still right, and never wrong.

    Returns:
        How many were refused, and how many were read all the same.
    """
    chance = random.Random(seed)
    path = folder / "chunks.db"
    _fill(path)
    store = open_sqlite(path)
    whole = {series.id: store.read_points([series.id])[series.id] for series in store.list_series()}
    editor = sqlite3.connect(path, isolation_level=None)
    editor.execute("PRAGMA synchronous = OFF")
    chunks = editor.execute("SELECT series, start, data FROM chunk").fetchall()
    refused = 0
    for number in range(count):
        series, start, data = chance.choice(chunks)
        changed = change_bytes(data, chance)
        if changed == data:
            continue
        with _edited(editor, series, start, changed, data):
            try:
                found = store.read_points([series]).get(series)
            except TrackboardError:
                found = None
            where = f"seed {seed}, number {number}: series {series}, chunk {start}"
            assert found is None or _is_part(found, whole[series]), where
            refused += found is None or len(found) < len(whole[series])
    for series, points in whole.items():
        assert _is_part(store.read_points([series])[series], points)
    editor.close()
    store.close()
    return refused, count - refused


class _edited:  # noqa: N801 - used as a word
    """A chunk with other bytes, for a while."""

    def __init__(
        self, editor: sqlite3.Connection, series: int, start: int, changed: bytes, data: bytes
    ) -> None:
        self._editor, self._where = editor, (series, start)
        self._changed, self._data = changed, data

    def _write(self, data: bytes) -> None:
        statement = "UPDATE chunk SET data = ? WHERE series = ? AND start = ?"
        self._editor.execute(statement, (data, *self._where))

    def __enter__(self) -> None:
        self._write(self._changed)

    def __exit__(self, *_: object) -> None:
        self._write(self._data)


def _fill(path: Path) -> None:
    """Series of every kind with open, small and full chunks."""
    store = open_sqlite(path)
    values: dict[str, list[Any]] = {
        "float": [((k * 7919) % 4099) / 64 for k in range(4500)],
        "int": [k * k for k in range(4300)],
        "bool": [k % 3 == 0 for k in range(200)],
        "line": [0.5] * 5000,
        "tail": [1.5] * 20,
    }
    speaker = Speaker()
    points = [numbers("r", name, found) for name, found in values.items()]
    store.apply([speaker.batch(created("r"), points=points)])
    texts = [TextLogged(RunId("r"), "text", f"text {k} " * 20, k, 1e9 + k) for k in range(150)]
    store.apply([speaker.batch(*texts)])
    store.close()


def _is_part(found: Points, whole: Points) -> bool:
    """Whether these points are the right ones; those of a damaged chunk may be left out."""
    if len(found) == len(whole):
        at = np.arange(len(whole))
    else:
        at = np.searchsorted(whole.steps, found.steps)  # the steps here count up
        if len(at) and at[-1] >= len(whole):
            return False
    pairs = ((found.steps, whole.steps), (found.times_s, whole.times_s))
    return all(np.array_equal(one, other[at]) for one, other in pairs) and bool(
        np.array_equal(found.values, whole.values[at])
    )


# -- event files -----------------------------------------------------------------------------------------


def mutate_event_files(folder: Path, count: int, *, seed: int) -> None:
    """Read mutated event files: what stands before the damage, in order, then an end in words."""
    chance = random.Random(seed)
    original = _export(folder)
    whole = list(_records(original))
    path = folder / "mutated"
    for number in range(count):
        path.write_bytes(change_bytes(original.read_bytes(), chance))
        found = list(_records(path))
        same = 0
        while same < min(len(found), len(whole)) and found[same] == whole[same]:
            same += 1
        # A piece that was repeated or left out is as sound as before.
        assert set(found[same:]) <= set(whole), f"seed {seed}, number {number}"
        with open(path, "rb", buffering=0) as stream:
            event_files.measure(stream)


def _records(path: Path) -> Iterator[bytes]:
    try:
        for record in event_files.iter_records(path):
            yield record.data
    except event_files.CorruptRecord:
        return


def _export(folder: Path) -> Path:
    workspace = Workspace.open(folder / "exported-from")
    _record_healthy(parts(workspace).spool_folder)
    workspace.service.transfer.export_event_files(
        [RunId("healthy")], folder / "exported", recursive=True, report=print
    )
    workspace.close()
    (path,) = (folder / "exported").rglob("*tfevents*")
    return path
