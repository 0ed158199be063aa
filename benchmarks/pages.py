"""What the pages of `trackboard up` cost. `python benchmarks/pages.py`

A workspace of many runs with 20 metrics each, and 100 runs of 100,000 points, filled through
`Store.apply` as ingest does it. A real server process is asked over one kept connection, medians; beside
each answer stands a bare Starlette answer of as many bytes from a server process of its own. What a page
takes until it is painted is what Chromium says of it (first contentful paint).

The peer is MLflow's server with a twentieth of the runs (SQLite); it is installed below `--cache`, as by
`cli.py`, and left out with `--without-peers`. Its answer is what its table asks for first.
"""

from __future__ import annotations

import argparse
import contextlib
import http
import http.client
import json
import os
import shutil
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
from cli import install, write
from queries import fill
from report import Target, print_head, print_table, print_targets
from stock import await_answer, free_port, spawn_stock

from trackboard.model import Created, RunId, RunKind, ValueKind, new_writer_id
from trackboard.ports import Batch, Position, SeriesPoints, Store
from trackboard.stores import open_sqlite
from trackboard.workspace import Workspace

ROUNDS, STREAMS, IDLE_S = 9, 20, 10.0
LONG_RUNS, LONG_POINTS = 100, 100_000
COMPARED = 20  # so many the page shows side by side
FILTER = "where=%22group%2Fmetric_3%22+%3E+0.5+and+lr+%3D+0.01&order=group%2Fmetric_7"
FIRST = "table, first page"
WAYS: Mapping[str, str] = {
    FIRST: "runs",
    "table, next page": "",  # its address is in the answer of the first
    "table, sorted by a metric": "runs?order=-group%2Fmetric_7",
    "table, filtered and sorted": f"runs?{FILTER}",
    "the same as JSON": f"runs.json?{FILTER}",
    "experiments": "",
    "one run": "runs/run-000007",
    "two runs side by side": "compare?run=run-000007&run=run-000008",
    f"chart, {COMPARED} runs x {LONG_POINTS:,} points": "",
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


def make_workspace(folder: Path, runs: int) -> None:
    if (folder / "made").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Workspace.open(folder)) as workspace:
        database = workspace.paths.database
    store = open_sqlite(database)
    spent_s = fill(store, runs)
    add_long_runs(store)
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
def serve(words: Sequence[str], port: int, folder: Path) -> Iterator[Server]:
    begun_s = time.perf_counter()
    said = subprocess.DEVNULL
    started = subprocess.Popen(words, stdout=said, stderr=said, cwd=folder, start_new_session=True)
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
    *_, chart = found
    found[chart] = "compare?" + "&".join(f"run=long-{number}" for number in range(COMPARED))
    return found


def painted_ms(urls: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Until Chromium has painted a page; empty where there is none."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or browser is None:
        print("no page is painted: chromium and chromedriver are missing")
        return {}
    options = Options()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    paint = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
    options.binary_location = browser
    chrome = Chrome(options=options, service=Service(driver))
    spent: dict[str, list[float]] = {name: [] for name in urls}
    try:
        for _ in range(rounds + 1):
            for name, url in urls.items():
                chrome.get(url)
                for _ in range(200):
                    with contextlib.suppress(WebDriverException):
                        spent[name].append(float(chrome.execute_script(paint)))
                        break
                    time.sleep(0.02)
    finally:
        chrome.quit()
    return {name: statistics.median(each[1:]) for name, each in spent.items()}


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


def ask_mlflow(cache: Path, runs: int, rounds: int, patience_s: float) -> Answer | None:
    """The first page of its table, of so many runs."""
    if problem := install("mlflow", cache):
        print(f"mlflow is left out: {problem}")
        return None
    store, programs = cache / f"mlflow-pages-{runs}", cache / "mlflow" / "bin"
    program = _WRITE_MLFLOW.format(runs=runs)
    if problem := write(programs / "python", program, store, {}, patience_s):
        print(f"mlflow is left out: {problem}")
        return None
    port = free_port()
    words = [str(programs / "mlflow"), "server", "--backend-store-uri", "sqlite:///mlflow.db"]
    words += ["--port", str(port), "--workers", "1"]
    asked = {
        "experiment_ids": ["1"],
        "max_results": 100,
        "order_by": ["attributes.start_time DESC"],
    }
    with serve(words, port, store):
        return Client(port).cost("/ajax-api/2.0/mlflow/runs/search", rounds, asked)


def stock_started_s() -> float:
    with tempfile.TemporaryDirectory() as logs:
        begun_s = time.perf_counter()
        with spawn_stock(Path(logs)) as (url, _):
            await_answer(f"{url}data/runs")
            return time.perf_counter() - begun_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--folder", type=Path, help="keep the workspace here, and use the one there"
    )
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--patience", type=float, default=1_800)
    parser.add_argument(
        "--cache", type=Path, default=Path(os.path.expanduser("~/.cache/trackboard-benchmarks"))
    )
    given = parser.parse_args()
    print_head("The pages of trackboard up", "trackboard", "starlette", "uvicorn", "sqlalchemy")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        make_workspace(folder, given.runs)
        measure(folder, given)


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
        urls = {name: url for name, url in pages.items() if ".json" not in url}
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
        runs = max(given.runs // 20, 1)
        peer = ask_mlflow(given.cache.absolute(), runs, given.rounds, given.patience)
        if peer:
            print(f"mlflow, {runs:,} runs: {peer.ms:.0f} ms, {peer.size / 1e3:.0f} kB")
            name = "mlflow's first page of a twentieth, ours = 1"
            targets.append(Target(name, peer.ms / costs[FIRST].ms, 20, at_least=True))
    print()
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
    head = [f"{runs:,} runs x 20 metrics", "ms", "bare ms", "bare x", "painted ms", "kB"]
    print_table(head, rows)


def targets_of(costs: Mapping[str, Answer], painted: Mapping[str, float]) -> Iterator[Target]:
    for name in ("table, next page", "table, sorted by a metric", "table, filtered and sorted"):
        yield Target(f"{name}, answered", costs[name].ms, 100, "ms")
    *_, chart = costs
    if painted:
        yield Target(f"{FIRST}, painted", painted[FIRST], 150, "ms")
        yield Target(f"{chart}, painted", painted[chart], 250, "ms")


if __name__ == "__main__":
    main()
