"""Exported files in both readers of an unmodified TensorBoard: values, steps and times are ours."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tests.prerequisites import require
from tests.waiting import until
from tests.workspaces import store_events

from trackboard.blobs import open_folder
from trackboard.board.export.export import HISTORY_FILE, export_runs
from trackboard.board.tensorboard_internals import connect_data_server
from trackboard.board.view.source import Source
from trackboard.eventfile import encode
from trackboard.model import Created, RunId, RunKind, TextLogged, ValueKind
from trackboard.ports import SeriesPoints
from trackboard.stores import open_sqlite

ALL = 10**9
Curves = dict[tuple[str, str], list[tuple[int, float, object]]]
RUN = RunId("r1")


@contextmanager
def quick_reader(logdir: Path, work: Path) -> Iterator[Any]:
    """What `tensorboard --logdir` starts where it can."""
    binary = require("data-server")
    port_file = work / "port"
    options = [f"--logdir={logdir}", "--reload=1", "--port=0", f"--port-file={port_file}"]
    samples = ["--samples-per-plugin", "scalars=all,text=all", "--die-after-stdin"]
    with subprocess.Popen([binary, *options, *samples], stdin=subprocess.PIPE) as process:
        try:
            until(lambda: port_file.exists() and port_file.read_text().endswith("\n"))
            provider, disconnect = connect_data_server(int(port_file.read_text()))
            yield provider
            disconnect()
        finally:
            process.kill()


@contextmanager
def python_reader(logdir: Path, work: Path) -> Iterator[Any]:
    """What `tensorboard --logdir --load_fast=false` uses."""
    del work
    reader = plugin_event_multiplexer.EventMultiplexer(
        size_guidance={"tensors": 0}, tensor_size_guidance={"scalars": 0, "text": 0}
    )
    reader.AddRunsFromDirectory(str(logdir))
    reader.Reload()
    yield data_provider.MultiplexerDataProvider(reader, str(logdir))


def curves(provider: Any) -> Curves:
    """All that a reader holds, by run and tag; numbers are float32, as bits."""
    found: Curves = {}
    asked = {"experiment_id": "", "downsample": ALL}
    scalars = provider.read_scalars(RequestContext(), plugin_name="scalars", **asked)
    for run, tags in scalars.items():
        for tag, points in tags.items():
            found[run, tag] = [(p.step, p.wall_time, bits(p.value)) for p in points]
    texts = provider.read_tensors(RequestContext(), plugin_name="text", **asked)
    for run, tags in texts.items():
        for tag, points in tags.items():
            found[run, tag] = [(p.step, p.wall_time, p.numpy.item().decode()) for p in points]
    return found


def bits(value: float) -> bytes:
    with np.errstate(over="ignore"):
        number = np.float32(value)
    return b"nan" if np.isnan(number) else number.tobytes()


def series(name: str, steps: list[int], values: np.ndarray[Any, Any]) -> SeriesPoints:
    kind = ValueKind.INT if values.dtype == np.int64 else ValueKind.FLOAT
    times_s = 1.7e9 + np.arange(len(steps)) / 3
    has_step = np.ones(len(steps), dtype=bool)
    return SeriesPoints(RUN, name, kind, np.array(steps), has_step, times_s, values)


def expected(one: SeriesPoints, *, every_repeat: bool) -> list[tuple[int, float, object]]:
    """The points by step; of equal steps the last only, unless `every_repeat`."""
    columns = one.steps.tolist(), one.times_s.tolist(), map(bits, one.values)
    rows: list[tuple[int, float, object]] = list(zip(*columns, strict=True))
    ordered = sorted(rows, key=lambda row: row[0])
    return ordered if every_repeat else list({row[0]: row for row in ordered}.values())


def logged() -> tuple[SeriesPoints, ...]:
    numbers = np.random.default_rng(1)
    walk = numbers.normal(size=20_000).cumsum() * 1e-3
    strange = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-45, -0.0, 1 / 3])
    return (
        series("walk", list(range(20_000)), walk),
        series("group/strange ü", [2**k for k in range(0, 56, 7)], strange),
        series("counts", [-(2**40), -1, 0, 127, 128, 2**62], np.array([1, 2, 2**24 + 1, 4, 5, 6])),
        series("restarted", [*range(100), *range(60, 120)], np.arange(160.0)),
        series("all at once", [0] * 50, np.arange(50.0)),
        series("downwards", list(range(300, 0, -1)), np.arange(300.0)),
    )


@pytest.mark.parametrize(("reader", "every_repeat"), [(quick_reader, False), (python_reader, True)])
def test_stock_tensorboard_reads_what_was_logged(
    tmp_path: Path, reader: Callable[[Path, Path], Any], every_repeat: bool
) -> None:
    store = open_sqlite(tmp_path / "trackboard.db")
    run_folder = tmp_path / "runs"
    created = Created(RUN, "ridge", "alpha 0.1", None, RunKind.JOB, 1.6e9)
    text = TextLogged(RUN, "note", "# ü *text*", 7, 1.7e9)
    store_events(store, created, text, points=logged())
    (run_folder / "logs" / "eval").mkdir(parents=True)
    native = encode.header(1.65e9) + b"".join(
        encode.scalars("own", np.arange(3), np.arange(3.0), np.arange(3, dtype=np.float32))
    )
    (run_folder / "logs" / "eval" / "events.out.tfevents.1650000000.host").write_bytes(native)

    folder = tmp_path / "out"
    blobs = open_folder(tmp_path / "blobs")
    source = Source("test", store, lambda: 0, lambda _: run_folder, blobs)
    done = export_runs(source, [RUN], folder, report=print)
    store.close()

    want: Curves = {
        ("ridge/alpha 0.1", one.name): expected(one, every_repeat=every_repeat) for one in logged()
    }
    want["ridge/alpha 0.1", "note"] = [(7, 1.7e9, "# ü *text*")]
    want["ridge/alpha 0.1/eval", "own"] = [(i, float(i), bits(i)) for i in range(3)]
    with reader(folder, tmp_path) as provider:
        until(lambda: curves(provider) == want)
        got = curves(provider)
        runs = {
            run.run_name: run.start_time
            for run in provider.list_runs(RequestContext(), experiment_id="")
        }
    assert got.keys() == want.keys()
    for key in want:
        assert got[key] == want[key], key
    assert runs["ridge/alpha 0.1"] == 1.6e9
    assert done.points == sum(len(one.steps) for one in logged()) + 1


def test_where_both_hold_a_tag_the_history_is_read_last(tmp_path: Path) -> None:
    """So the quick reader shows the history, as the live view does."""
    store = open_sqlite(tmp_path / "trackboard.db")
    run_folder = tmp_path / "runs"
    one = series("loss", [0, 2, 4], np.array([1.0, 2.0, 3.0]))
    store_events(store, Created(RUN, "e", "a", None, RunKind.JOB, 1.6e9), points=(one,))
    steps = np.arange(6)
    native = encode.scalars("loss", steps, steps.astype(float), np.full(6, 100, dtype=np.float32))
    (run_folder / "logs").mkdir(parents=True)
    file = run_folder / "logs" / "events.out.tfevents.1764000000.some-host.4242.0"
    file.write_bytes(encode.header(1.65e9) + b"".join(native))
    blobs = open_folder(tmp_path / "blobs")
    source = Source("test", store, lambda: 0, lambda _: run_folder, blobs)
    export_runs(source, [RUN], tmp_path / "out", report=print)
    store.close()
    assert sorted(path.name for path in (tmp_path / "out/e/a").iterdir()) == [
        file.name,
        HISTORY_FILE,
    ]
    with quick_reader(tmp_path / "out", tmp_path) as provider:
        want: Curves = {("e/a", "loss"): expected(one, every_repeat=False)}
        until(lambda: curves(provider) == want)
        assert curves(provider) == want
