"""What the pages of `trackboard up` cost. `python benchmarks/pages.py`

A workspace of many runs with 20 metrics each, and 100 runs of 100,000 points, filled through
`Store.apply` as ingest does it. A real server process is asked over one kept connection, medians; beside
each answer stands a bare Starlette answer of as many bytes from a server process of its own. What a page
takes until it is painted is what Chromium says of it (first contentful paint).

A second workspace is one experiment of 1,500 runs with 1,500 metrics each (`--wide-runs`, `--names`; filling
it takes long, so keep it by `--folder`). The peers, MLflow and Trackio with a twentieth of the runs, are in
`page_peers.py`; they are installed below `--cache` and left out with `--without-peers`.
"""

from __future__ import annotations

import argparse
import contextlib
import http
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from page_browser import painted_ms, weight_kb
from page_peers import CHARTED, PEERS, Asking, Cost
from queries import fill
from report import Target, print_head, print_table, print_targets
from stock import await_answer, free_port, spawn_stock

from trackboard.model import Created, RunId, RunKind, ValueKind, new_writer_id
from trackboard.ports import Batch, Position, SeriesPoints, Store
from trackboard.stores import open_sqlite
from trackboard.workspace import Workspace

ROUNDS, STREAMS, IDLE_S = 9, 20, 10.0
LONG_RUNS, LONG_POINTS = 100, 100_000
WIDE_POINTS = 20
COMPARED = 20  # so many the page shows side by side
PEERS_SHARE = 20  # a peer has so many times fewer runs
FILTER = "where=%22group%2Fmetric_3%22+%3E+0.5+and+lr+%3D+0.01&order=group%2Fmetric_7"
FIRST = "table, first page"
CHART = f"chart, {LONG_RUNS} runs x {LONG_POINTS:,} points"
ZOOM = "the same, zoomed to a tenth"
PAGE = f"page of {COMPARED} such runs side by side"
WAYS: Mapping[str, str] = {
    FIRST: "runs",
    "table, next page": "",  # its address is in the answer of the first
    "table, sorted by a metric": "runs?order=-group%2Fmetric_7",
    "table, filtered and sorted": f"runs?{FILTER}",
    "the same as JSON": f"runs.json?{FILTER}",
    "experiments": "",
    "one run": "runs/run-000007",
    "two runs side by side": "compare?run=run-000007&run=run-000008",
    CHART: "",
    ZOOM: "",
    "all metrics of 100 runs": "",
    PAGE: "",
}
WIDE_WAYS: Mapping[str, str] = {
    "wide: table, first page": "runs?experiment=wide",
    "wide: table, sorted by a metric": "runs?experiment=wide&order=-name-0007",
    "wide: one run": "runs/wide-1",
    "wide: two side by side": "compare?run=wide-0&run=wide-1",
}
_BARE = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
def answer(request):
    return Response(b"x" * int(request.path_params["size"]), media_type="text/html")
app = Starlette(routes=[Route("/{size}", answer)])
uvicorn.run(app, port=int(sys.argv[1]), http="h11", access_log=False, log_config=None)
"""


class Server(NamedTuple):
    """A server that answers.

    Attributes:
        port: Where, on loopback.
        process: Its process.
        started_s: Until its first answer.
    """

    port: int
    process: psutil.Process
    started_s: float


class Answer(NamedTuple):
    """What an address costs: median milliseconds, and the bytes of the answer."""

    ms: float
    size: int


def add_long_runs(store: Store) -> None:
    """Runs whose charts have many points."""
    steps = np.arange(LONG_POINTS, dtype=np.int64)
    has_step, times_s = np.ones(LONG_POINTS, bool), 1.7e9 + steps.astype(np.float64)
    for number in range(LONG_RUNS):
        run = RunId(f"long-{number}")
        values = np.random.default_rng(number).normal(size=LONG_POINTS).cumsum()
        created = Created(run, "long", run, None, RunKind.INTERACTIVE, 1.6e9 + number)
        points = SeriesPoints(run, "loss", ValueKind.FLOAT, steps, has_step, times_s, values)
        span = (Position(0, 0), Position(0, 1))
        store.apply([Batch(new_writer_id(), *span, (created,), (points,))])


def add_wide_runs(store: Store, runs: int, names: int) -> None:
    """Runs of one experiment that have very many metrics."""
    steps = np.arange(WIDE_POINTS, dtype=np.int64)
    has_step, times_s = np.ones(WIDE_POINTS, bool), 1.7e9 + steps.astype(np.float64)
    for number in range(runs):
        run = RunId(f"wide-{number}")
        values = np.random.default_rng(number).normal(size=(names, WIDE_POINTS))
        created = Created(run, "wide", run, None, RunKind.INTERACTIVE, 1.65e9 + number)
        points = tuple(
            SeriesPoints(
                run, f"name-{each:04}", ValueKind.FLOAT, steps, has_step, times_s, values[each]
            )
            for each in range(names)
        )
        span = (Position(0, 0), Position(0, 1))
        store.apply([Batch(new_writer_id(), *span, (created,), points)])


def make_workspace(folder: Path, runs: int, wide_runs: int = 0, names: int = 0) -> None:
    if (folder / "made").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Workspace.open(folder)) as workspace:
        database = workspace.paths.database
    store = open_sqlite(database)
    spent_s = 0.0
    if runs:
        spent_s = fill(store, runs)
        add_long_runs(store)
    add_wide_runs(store, wide_runs, names)
    for writer in store.positions():
        store.end_writer(writer, cause="", time_s=time.time())
    store.close()
    print(f"filled in {spent_s:.0f} s; {database.stat().st_size / 1e6:,.0f} MB\n")
    (folder / "made").touch()


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[psutil.Process]:
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def serve_ours(folder: Path) -> Iterator[Server]:
    begun_s = time.perf_counter()
    words = [sys.executable, "-m", "trackboard", "up", "--json", "--port", "0", str(folder)]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with ended(started) as process:
        assert started.stdout is not None
        port = int(json.loads(started.stdout.readline())["port"])
        await_answer(f"http://localhost:{port}/health")
        yield Server(port, process, time.perf_counter() - begun_s)


@contextlib.contextmanager
def serve(
    words: Sequence[str], port: int, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[Server]:
    environ = {**os.environ, **(variables or {})}
    begun_s = time.perf_counter()
    said = subprocess.DEVNULL
    started = subprocess.Popen(
        words, stdout=said, stderr=said, cwd=folder, start_new_session=True, env=environ
    )
    with ended(started) as process:
        await_any_answer(port)
        yield Server(port, process, time.perf_counter() - begun_s)


def await_any_answer(port: int) -> None:
    for _ in range(2_000):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing answers at port {port}")


class Client:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def get(self, path: str) -> bytes:
        return self._asked("GET", path, None)

    def post(self, path: str, body: Mapping[str, object]) -> bytes:
        return self._asked("POST", path, json.dumps(body))

    def _asked(self, method: str, path: str, body: str | None) -> bytes:
        headers = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise SystemExit(f"{path}: {answer.status}\n{read[:1000].decode()}")
        return read

    def cost(self, path: str, rounds: int, body: Mapping[str, object] | None = None) -> Answer:
        """Ask again and again, after once for warmth."""
        spent, size = [], 0
        for _ in range(rounds + 1):
            begun_s = time.perf_counter()
            size = len(self.get(path) if body is None else self.post(path, body))
            spent.append(1e3 * (time.perf_counter() - begun_s))
        return Answer(statistics.median(spent[1:]), size)


def addresses(client: Client) -> dict[str, str]:
    """All that is asked: the next page is where the first one says, the chart is of all long runs."""
    found = dict(WAYS)
    after = json.loads(client.get("/runs.json"))["next"]
    found["table, next page"] = f"runs?after={urllib.parse.quote(after)}"
    runs = "&".join(f"run=long-{number}" for number in range(LONG_RUNS))
    found[PAGE] = "compare?" + "&".join(f"run=long-{number}" for number in range(COMPARED))
    found[CHART] = f"api/v1/curves?{runs}&name=loss&points={CHARTED}"
    found[ZOOM] = f"{found[CHART]}&first={LONG_POINTS * 0.4:.0f}&last={LONG_POINTS * 0.5:.0f}"
    found["all metrics of 100 runs"] = f"api/v1/metrics?{runs}"
    return found


def idle_percent(server: Server) -> float:
    """CPU of a server with idle streams, in percent of one processor."""
    streams = []
    for _ in range(STREAMS):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", "/api/v1/changes")
        streams.append((connection, connection.getresponse()))
    before = sum(server.process.cpu_times()[:2])
    time.sleep(IDLE_S)
    spent = sum(server.process.cpu_times()[:2]) - before
    for connection, answer in streams:
        answer.close()
        connection.close()
    return 100 * spent / IDLE_S


def stock_started_s() -> float:
    with tempfile.TemporaryDirectory() as logs:
        begun_s = time.perf_counter()
        with spawn_stock(Path(logs)) as (url, _):
            await_answer(f"{url}data/runs")
            return time.perf_counter() - begun_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument(
        "--wide-runs", type=int, default=1_500, help="of the second workspace; 0: none"
    )
    parser.add_argument("--names", type=int, default=1_500, help="of metrics of a wide run")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--folder", type=Path, help="keep the workspace here, and use the one there"
    )
    parser.add_argument("--mlflow", default="3.18", help="its version")
    parser.add_argument("--trackio", default="0.43", help="its version")
    parser.add_argument("--peer-points", type=int, default=LONG_POINTS, help="of a peer's long run")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--patience", type=float, default=1_800)
    parser.add_argument(
        "--cache", type=Path, default=Path(os.path.expanduser("~/.cache/trackboard-benchmarks"))
    )
    given = parser.parse_args()
    print_head("The pages of trackboard up", "trackboard", "starlette", "uvicorn", "sqlalchemy")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        make_workspace(folder / "many", given.runs)
        measure(folder / "many", given)
        if given.wide_runs:
            make_workspace(folder / "wide", 0, given.wide_runs, given.names)
            measure_wide(folder / "wide", given)


def measure(folder: Path, given: argparse.Namespace) -> None:
    peer_s = statistics.median(stock_started_s() for _ in range(3))
    ours_s = []
    for _ in range(3):
        with serve_ours(folder) as server:
            ours_s.append(server.started_s)
    started_s = statistics.median(ours_s)
    port = free_port()
    bare_words = [sys.executable, "-c", _BARE, str(port)]
    with serve_ours(folder) as server, serve(bare_words, port, folder) as bare:
        client, floor = Client(server.port), Client(bare.port)
        asked = addresses(client)
        costs = {name: client.cost(f"/{path}", given.rounds) for name, path in asked.items()}
        floors = {name: floor.cost(f"/{each.size}", given.rounds) for name, each in costs.items()}
        pages = {name: f"http://127.0.0.1:{server.port}/{path}" for name, path in asked.items()}
        urls = {
            name: url for name, url in pages.items() if ".json" not in url and "api/" not in url
        }
        painted = painted_ms(urls, given.rounds)
        used_mb = server.process.memory_info().rss / 1e6
        idle = idle_percent(server)
    print_costs(given.runs, costs, floors, painted)
    print(f"start {started_s:.2f} s, tensorboard {peer_s:.2f} s")
    targets = [
        *targets_of(costs, painted),
        Target("memory", used_mb, 200, "MB"),
        Target("start to first answer, tensorboard = 1", started_s / peer_s, 1.2),
        Target(f"{STREAMS} idle streams, of a processor", idle, 2, "%"),
    ]
    if not given.without_peers:
        with serve_ours(folder) as server:
            ours = weight_kb({"ours": f"http://127.0.0.1:{server.port}/runs"})
        targets += [*beside_peers(given, costs, ours)]
    print()
    print_targets(targets)


def beside_peers(
    given: argparse.Namespace, costs: Mapping[str, Answer], ours_kb: Mapping[str, float]
) -> Iterator[Target]:
    """Print what each peer costs with its share of the runs, and say how many times that is ours."""

    def cost(port: int, path: str, body: Mapping[str, object] | None) -> tuple[float, int]:
        return Client(port).cost(path, given.rounds, body)

    versions = {"mlflow": given.mlflow, "trackio": given.trackio}
    asking = Asking(cost, serve, given.patience, versions, given.peer_points)
    shares = (max(given.runs // PEERS_SHARE, 1), LONG_RUNS // PEERS_SHARE)
    for peer in PEERS:
        with peer(given.cache.absolute(), *shares, asking) as found:
            if not isinstance(found, Cost):
                print(found)
                continue
            weight = weight_kb({found.name: found.url})
        said = (
            f"table {found.table_ms:.0f} ms, {found.table_kb:.0f} kB; chart {found.chart_ms:.0f} ms"
        )
        print(
            f"{found.name}, {shares[0]:,} runs and {shares[1]} long ones: {said}; page {weight} kB"
        )
        yield Target(
            f"{found.name}'s table, ours = 1", found.table_ms / costs[FIRST].ms, 20, at_least=True
        )
        yield Target(
            f"{found.name}'s chart, ours = 1", found.chart_ms / costs[CHART].ms, 20, at_least=True
        )
        if weight and ours_kb:
            heavier = weight[found.name] / ours_kb["ours"]
            yield Target(f"weight of {found.name}'s page, ours = 1", heavier, 50, at_least=True)


def measure_wide(folder: Path, given: argparse.Namespace) -> None:
    """The same of one experiment whose runs have very many metrics."""
    port = free_port()
    bare_words = [sys.executable, "-c", _BARE, str(port)]
    with serve_ours(folder) as server, serve(bare_words, port, folder) as bare:
        client, floor = Client(server.port), Client(bare.port)
        runs = "&".join(f"run=wide-{number}" for number in range(min(50, given.wide_runs)))
        ways = {**WIDE_WAYS, "wide: names of metrics of 50 runs": f"api/v1/metrics?{runs}"}
        costs = {name: client.cost(f"/{path}", given.rounds) for name, path in ways.items()}
        floors = {name: floor.cost(f"/{each.size}", given.rounds) for name, each in costs.items()}
        urls = {name: f"http://127.0.0.1:{server.port}/{path}" for name, path in WIDE_WAYS.items()}
        painted = painted_ms(urls, given.rounds)
        used_mb = server.process.memory_info().rss / 1e6
    print()
    print_costs(given.wide_runs, costs, floors, painted)
    first = "wide: table, first page"
    targets = [Target("wide: memory", used_mb, 200, "MB")]
    targets += [
        Target(f"{name}, answered", each.ms, 100, "ms")
        for name, each in costs.items()
        if "table" in name
    ]
    if painted:
        targets.append(Target(f"{first}, painted", painted[first], 150, "ms"))
    print_targets(targets)


def print_costs(
    runs: int,
    costs: Mapping[str, Answer],
    floors: Mapping[str, Answer],
    painted: Mapping[str, float],
) -> None:
    rows = [
        [
            name,
            f"{cost.ms:.1f}",
            f"{floors[name].ms:.2f}",
            f"{cost.ms / floors[name].ms:.0f}",
            f"{painted[name]:.0f}" if name in painted else "",
            f"{cost.size / 1e3:.0f}",
        ]
        for name, cost in costs.items()
    ]
    head = [f"{runs:,} runs", "ms", "bare ms", "bare x", "painted ms", "kB"]
    print_table(head, rows)


def targets_of(costs: Mapping[str, Answer], painted: Mapping[str, float]) -> Iterator[Target]:
    for name in ("table, next page", "table, sorted by a metric", "table, filtered and sorted"):
        yield Target(f"{name}, answered", costs[name].ms, 100, "ms")
    yield Target(f"{CHART}, answered", costs[CHART].ms, 250, "ms")
    yield Target(f"{ZOOM}, answered", costs[ZOOM].ms, 100, "ms")
    if painted:
        yield Target(f"{FIRST}, painted", painted[FIRST], 150, "ms")
        yield Target(f"{PAGE}, painted", painted[PAGE], 250, "ms")


if __name__ == "__main__":
    main()
