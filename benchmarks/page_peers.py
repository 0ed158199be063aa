"""The servers of other trackers, with a twentieth of the runs: what their table and their chart cost.

Each is installed below a cache at its version, writes its own store by its own Python API, and is asked what
its own page asks. Trackio's table asks once for the list and once for each run: the sum is its cost.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cli import install, write
from stock import free_port

CHARTED = 300  # points of a run that a chart asks for
_WRITE_MLFLOW = """
import mlflow, random
from mlflow.entities import Metric, Param
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = mlflow.MlflowClient()
experiment = client.create_experiment("bench")
for number in range({runs}):
    run = client.create_run(experiment, run_name=f"trial {{number}}").info.run_id
    metrics = [Metric(f"group/metric_{{each}}", random.gauss(0, 1), 1_700_000_000_000, step)
               for each in range(20) for step in range(5)]
    client.log_batch(run, metrics, [Param("lr", str(number % 7)), Param("layers", str(number % 5))])
    client.set_terminated(run)
long = client.create_experiment("long")
with open("long.txt", "w") as names:
    for number in range({long_runs}):
        run = client.create_run(long).info.run_id
        for first in range(0, {points}, 1000):
            client.log_batch(run, [Metric("loss", random.random(), 1_700_000_000_000 + step, step)
                                   for step in range(first, first + 1000)])
        client.set_terminated(run)
        print(run, file=names)
"""
_WRITE_TRACKIO = """
import random
from trackio.sqlite_storage import SQLiteStorage
for number in range({runs}):
    points = [{{f"group/metric_{{each}}": random.gauss(0, 1) for each in range(20)}} for _ in range(5)]
    config = {{"lr": number % 7, "layers": number % 5}}
    SQLiteStorage.bulk_log("bench", f"trial-{{number}}", points, config=config)
for number in range({long_runs}):
    SQLiteStorage.bulk_log("long", f"long-{{number}}", [{{"loss": random.random()}} for _ in range({points})])
"""
_SERVE_TRACKIO = """
import sys, trackio
trackio.show("bench", open_browser=False, block_thread=True, host="127.0.0.1", server_port=int(sys.argv[1]))
"""


class Cost(NamedTuple):
    """What a peer costs.

    Attributes:
        name: Its name and version.
        runs: How many runs it has.
        table_ms: Until its table has what it shows first.
        table_kb: The bytes of that.
        chart_ms: Until a chart of the long runs has its points.
        url: Its page.
    """

    name: str
    runs: int
    table_ms: float
    table_kb: float
    chart_ms: float
    url: str


class Asking(NamedTuple):
    """How a benchmark asks.

    Attributes:
        cost: Median milliseconds and bytes of an address, or of what is posted there.
        serve: Starts a server within a `with` block.
        patience_s: How long a store may take to be written.
        versions: Which version of each peer.
        points: Of each long run.
    """

    cost: Callable[[int, str, Mapping[str, object] | None], tuple[float, int]]
    serve: Callable[[Sequence[str], int, Path, Mapping[str, str]], object]
    patience_s: float
    versions: Mapping[str, str]
    points: int


@contextmanager
def mlflow(cache: Path, runs: int, long_runs: int, asking: Asking) -> Iterator[Cost | str]:
    """MLflow's server, asked what its table and its chart ask."""
    version = asking.versions["mlflow"]
    program = _WRITE_MLFLOW.format(runs=runs, long_runs=long_runs, points=asking.points)
    store = cache / f"mlflow-pages-{runs}-{asking.points}"
    problem, folder = _prepare("mlflow", version, program, store, {}, cache, asking)
    if problem:
        yield problem
        return
    port = free_port()
    words = [str(folder / "bin" / "mlflow"), "server", "--backend-store-uri", "sqlite:///mlflow.db"]
    words += ["--port", str(port), "--workers", "1"]
    table = {
        "experiment_ids": ["1"],
        "max_results": 100,
        "order_by": ["attributes.start_time DESC"],
    }
    ids = [("run_ids", each) for each in (store / "long.txt").read_text().split()]
    query = urllib.parse.urlencode([*ids, ("metric_key", "loss"), ("max_results", str(CHARTED))])
    with asking.serve(words, port, store, {}):  # type: ignore[attr-defined]
        ms, size = asking.cost(port, "/ajax-api/2.0/mlflow/runs/search", table)
        chart = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{query}"
        chart_ms, _ = asking.cost(port, chart, None)
        url = f"http://127.0.0.1:{port}/#/experiments/1"
        yield Cost(f"mlflow {version}", runs, ms, size / 1e3, chart_ms, url)


@contextmanager
def trackio(cache: Path, runs: int, long_runs: int, asking: Asking) -> Iterator[Cost | str]:
    """Trackio's server, asked what its table and its chart ask."""
    version = asking.versions["trackio"]
    program = _WRITE_TRACKIO.format(runs=runs, long_runs=long_runs, points=asking.points)
    store = cache / f"trackio-pages-{runs}-{asking.points}"
    variables = {"TRACKIO_DIR": str(store), "HF_HUB_OFFLINE": "1"}
    problem, folder = _prepare("trackio", version, program, store, variables, cache, asking)
    if problem:
        yield problem
        return
    port = free_port()
    words = [str(folder / "bin" / "python"), "-c", _SERVE_TRACKIO, str(port)]
    with asking.serve(words, port, store, variables):  # type: ignore[attr-defined]
        ms, size = asking.cost(port, "/api/get_runs_for_project", {"project": "bench"})
        one = {"project": "bench", "run": f"trial-{runs // 2}"}
        each_ms, each_size = asking.cost(port, "/api/get_run_summary", one)
        long = [{"run": f"long-{number}"} for number in range(long_runs)]
        chart = {"project": "long", "runs": long, "max_points": CHARTED, "scalar_only": True}
        chart_ms, _ = asking.cost(port, "/api/get_logs_batch", chart)
        whole = (ms + runs * each_ms, (size + runs * each_size) / 1e3)
        yield Cost(f"trackio {version}", runs, *whole, chart_ms, f"http://127.0.0.1:{port}/")


PEERS = (mlflow, trackio)


def _prepare(
    name: str,
    version: str,
    program: str,
    store: Path,
    variables: Mapping[str, str],
    cache: Path,
    asking: Asking,
) -> tuple[str, Path]:
    """Install a peer and write its store: what is the problem, and where the peer is."""
    folder = cache / f"{name}-{version}"
    problem = install(name, cache, version)
    problem = problem or write(
        folder / "bin" / "python", program, store, variables, asking.patience_s
    )
    return problem and f"{name} {version} is left out: {problem[:300]}", folder
