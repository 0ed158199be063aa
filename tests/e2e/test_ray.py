"""Jobs on a real Ray cluster of two nodes; its nodes, its head and our own processes are killed here."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from tests.waiting import PATIENCE_S, until
from tests.workspaces import api

from trackboard.errors import UsageError
from trackboard.launch.request import Request
from trackboard.model import Distribution, Launcher, Run, RunId, RunState
from trackboard.testing.ray_cluster import RayCluster, RayNode, free_port
from trackboard.workspace import Workspace

pytestmark = pytest.mark.xdist_group("ray")

HONEST_S = PATIENCE_S  # after whatever was killed

LOGS_AND_WAITS = """import os, sys, time
from azureml.core import Run
run = Run.get_context()
run.log("loss", 0.5)
print("it has begun")
until_s = time.monotonic() + 100
while not os.path.exists(sys.argv[1]) and time.monotonic() < until_s:
    time.sleep(0.05)
run.log("loss", 0.25)
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("a model")
"""

MEETS = """import os, socket
from azureml.core import Run
run = Run.get_context()
rank, place = int(os.environ["RANK"]), (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if rank == 0:
    with socket.create_server(place) as server:
        peer = server.accept()[0]
        run.log("heard", int(peer.recv(8)))
else:
    for _ in range(200):
        try:
            peer = socket.create_connection(place)
            break
        except ConnectionRefusedError:
            import time; time.sleep(0.05)
    peer.sendall(b"%d" % (rank + 41))
    run.log("sent", rank)
print("rank", rank, "of", os.environ["WORLD_SIZE"])
"""


class OnRay:
    """Submits to the cluster, and waits."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace = workspace
        self.source = folder / "source"
        self.source.mkdir()
        self.go = folder / "go"

    def submit(
        self, script: str = LOGS_AND_WAITS, compute: str = "cluster", nodes: int = 1
    ) -> RunId:
        (self.source / "train.py").write_text(script)
        together = Distribution(Launcher.PYTORCH, nodes, nodes) if nodes > 1 else None
        return api(self.workspace).submit(
            Request(
                "demo",
                self.source,
                "train.py",
                [str(self.go)],
                compute=compute,
                distribution=together,
            )
        )

    def run(self, run: RunId) -> Run:
        api(self.workspace).advance_queue()
        found = api(self.workspace).find_run(run)
        assert found is not None
        return found

    def until(self, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        until(condition, patience_s=within_s, pause_s=0.1)

    def begun(self, *runs: RunId) -> None:
        self.until(lambda: all(self.values(run, "loss") for run in runs))

    def ended(self, *runs: RunId, within_s: float = PATIENCE_S) -> Run:
        self.until(lambda: all(self.run(run).state.is_terminal for run in runs), within_s)
        return self.run(runs[-1])

    def values(self, run: RunId, metric: str) -> list[float]:
        if api(self.workspace).find_run(run) is None:
            return []
        if not self.workspace.store.list_series(runs=[run]):
            return []  # one that never began
        return [float(value) for value in api(self.workspace).history(run, metric).values]

    def worker(self, run: RunId) -> psutil.Process:
        said = (self.workspace.folder / "jobs" / run / "turn").read_text()
        return psutil.Process(int(said.split()[1]))


@pytest.fixture
def on_ray(ray_workspace: Workspace, tmp_path: Path) -> OnRay:
    return OnRay(ray_workspace, tmp_path)


def test_the_articles_job_is_live_in_tensorboard(
    on_ray: OnRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the SDK's names; nothing but trackboard.toml says that the cluster is Ray's."""
    from azureml.core import Experiment, ScriptRunConfig
    from azureml.core import Workspace as SdkWorkspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.tensorboard import Tensorboard

    (on_ray.source / "train.py").write_text(LOGS_AND_WAITS)
    monkeypatch.setenv("TRACKBOARD_URI", str(on_ray.workspace.folder))
    workspace = SdkWorkspace.from_config()
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    cluster = ComputeTarget.create(workspace, "cluster", wanted)
    cluster.wait_for_completion(show_output=True)
    job = ScriptRunConfig(
        str(on_ray.source), "train.py", arguments=[str(on_ray.go)], compute_target=cluster
    )
    run = Experiment(workspace, "demo").submit(job)
    board = Tensorboard([run], port=0)
    url = board.start()
    try:
        on_ray.begun(RunId(run.id))
        assert run.get_status() == "Running"
        [name] = json.loads(_get(f"{url}data/runs"))
        query = f"data/plugin/scalars/scalars?run={quote(name)}&tag=loss"
        assert [point[2] for point in json.loads(_get(url + query))] == [0.5]
        on_ray.go.touch()
        run.wait_for_completion()
        assert [point[2] for point in json.loads(_get(url + query))] == [0.5, 0.25]
    finally:
        board.stop()
    assert "outputs/model.txt" in run.get_file_names()

    assert run.get_status() == "Completed"


def test_two_nodes_record_into_one_run(on_ray: OnRay) -> None:
    run = on_ray.submit(MEETS, nodes=2)
    assert on_ray.ended(run).state is RunState.COMPLETED, on_ray.run(run).cause
    assert on_ray.values(run, "heard") == [42.0]
    assert on_ray.values(run, "rank1/sent") == [1.0]
    logs = {file.path for file in api(on_ray.workspace).files(run)}
    assert {f"user_logs/std_log_process_{number}.txt" for number in (0, 1)} <= logs


@pytest.mark.long
def test_many_at_once_run_once_each(on_ray: OnRay) -> None:
    count = 6
    script = f"open({str(on_ray.go)!r} + '.ran', 'a').write('x')"
    runs = [on_ray.submit(script) for _ in range(count)]
    on_ray.ended(*runs)
    assert {on_ray.run(run).state for run in runs} == {RunState.COMPLETED}
    assert Path(f"{on_ray.go}.ran").read_text() == "x" * count
    on_ray.until(lambda: bool(on_ray.run(runs[0])) and not on_ray.workspace.store.list_jobs())


def test_a_notebook_that_is_killed_leaves_its_job_alone(on_ray: OnRay) -> None:
    (on_ray.source / "train.py").write_text(LOGS_AND_WAITS)
    program = f"""
import os, signal
from pathlib import Path
from trackboard.launch.request import Request
from trackboard.workspace import Workspace
workspace = Workspace.open({str(on_ray.workspace.folder)!r})
source, go = Path({str(on_ray.source)!r}), {str(on_ray.go)!r}
print(workspace.jobs.submit(Request("demo", source, "train.py", [go], compute="cluster")), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    run = RunId(ended.stdout.strip())
    on_ray.begun(run)
    on_ray.go.touch()
    assert on_ray.ended(run).state is RunState.COMPLETED


def test_cancel_while_ray_has_no_room_and_while_it_runs(on_ray: OnRay) -> None:
    running = [on_ray.submit() for _ in range(4)]  # all CPUs there are
    on_ray.begun(*running)
    waiting = on_ray.submit()
    api(on_ray.workspace).cancel(waiting)
    assert on_ray.run(waiting).state is RunState.CANCELED
    api(on_ray.workspace).cancel(running[0])
    assert on_ray.ended(running[0], within_s=HONEST_S).state is RunState.CANCELED
    on_ray.go.touch()
    on_ray.ended(*running)
    assert on_ray.values(waiting, "loss") == []


def test_a_killed_worker_fails_its_run(on_ray: OnRay) -> None:
    run = on_ray.submit()
    on_ray.begun(run)
    on_ray.worker(run).kill()
    failed = on_ray.ended(run, within_s=HONEST_S)
    assert failed.state is RunState.FAILED
    assert failed.cause
    assert on_ray.values(run, "loss") == [0.5]


@pytest.mark.long
def test_a_folder_that_nodes_do_not_see_is_refused(on_ray: OnRay, tmp_path: Path) -> None:
    other = Workspace.open(tmp_path / "other").folder
    address = on_ray.workspace.settings.compute["cluster"].options["address"]
    with (other / "trackboard.toml").open("a") as settings:
        settings.write(f"[compute.cluster]\nengine = 'ray'\naddress = '{address}'\n")
        settings.write("folder = '/nobody/mounts/this'\n")
    elsewhere = OnRay(Workspace.open(other), other)
    with pytest.raises(UsageError, match=r"(?s)/nobody/mounts/this.*folder = "):
        elsewhere.submit()
    assert elsewhere.workspace.store.list_runs() == ()


def test_a_source_folder_larger_than_ray_takes(on_ray: OnRay) -> None:
    """Ray's dashboard takes 100 MiB; the snapshot does not go through it."""
    with (on_ray.source / "data.bin").open("wb") as file:
        file.truncate(101 * 2**20)
    run = on_ray.submit("import os\nprint(os.path.getsize('data.bin'))")
    assert on_ray.ended(run).state is RunState.COMPLETED


@pytest.mark.long
def test_a_killed_node_fails_what_ran_there(on_ray: OnRay, ray_cluster: RayCluster) -> None:
    node = ray_cluster.add_node(3)
    run = on_ray.submit(compute="big")
    on_ray.begun(run)
    node.kill()
    failed = on_ray.ended(run, within_s=HONEST_S)
    assert failed.state is RunState.FAILED
    assert failed.cause
    assert on_ray.values(run, "loss") == [0.5]


@pytest.mark.long
def test_a_killed_head_is_said_or_survived(on_ray: OnRay, ray_cluster: RayCluster) -> None:
    """The last one here: the next test that needs a cluster starts another."""
    runs = [on_ray.submit() for _ in range(4)]  # on both nodes
    on_ray.begun(*runs)
    waiting = on_ray.submit()
    ray_cluster.head.kill()
    killed_s = time.monotonic()
    lives: set[RunId] = set()
    while time.monotonic() < killed_s + HONEST_S and any(_is_open(on_ray, run) for run in runs):
        lives = {run for run in runs if _has_worker(on_ray, run)}
        told = [on_ray.run(run).state is RunState.RUNNING for run in runs]
        if told == [run in lives for run in runs] and len(lives) < len(runs):
            break  # those on the head are gone, a second after it
        time.sleep(0.2)
    for run in runs:
        state = on_ray.run(run).state
        assert state in (RunState.FAILED, RunState.RUNNING)
        assert (state is RunState.RUNNING) is (run in lives)
        assert on_ray.values(run, "loss") == [0.5]
    assert len(lives) < len(runs)
    on_ray.go.touch()  # whoever outlived the head ends as if nothing had happened
    for run in lives:
        assert on_ray.ended(run).state is RunState.COMPLETED
    with pytest.raises(Exception, match="no Ray cluster answers"):
        _fresh(on_ray).submit()
    with _another_head(ray_cluster.address):  # what had not begun is handed over again
        assert on_ray.ended(waiting, within_s=2 * PATIENCE_S).state is RunState.COMPLETED
    assert on_ray.values(waiting, "loss") == [0.5, 0.25]


@contextmanager
def _another_head(address: str) -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # sockets' paths may not be long
    port = address.rpartition(":")[2]
    words = ["--head", "--port", str(free_port()), "--dashboard-host", "127.0.0.1"]
    words += ["--dashboard-port", port, "--dashboard-agent-listen-port", str(free_port())]
    words += ["--ray-client-server-port", str(free_port()), "--num-cpus", "2"]
    words += ["--temp-dir", str(folder / "r")]
    node = RayNode(words, folder / "log", {})
    try:
        yield
    finally:
        node.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _fresh(on_ray: OnRay) -> OnRay:
    from trackboard.targets.ray.engine import _open

    _open.cache_clear()
    return on_ray


def _is_open(on_ray: OnRay, run: RunId) -> bool:
    return not on_ray.run(run).state.is_terminal


def _has_worker(on_ray: OnRay, run: RunId) -> bool:
    try:
        return on_ray.worker(run).is_running()
    except psutil.NoSuchProcess:
        return False


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        content: bytes = answer.read()
        return content


@pytest.mark.long
def test_a_variable_alone_leads_to_a_cluster(
    on_ray: OnRay, ray_cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compute target `ray` needs no settings; where a job is, is known without the variable."""
    on_ray.workspace = Workspace.open(tmp_path / "other")
    on_ray.go.touch()
    monkeypatch.setenv("RAY_ADDRESS", ray_cluster.address)
    run = on_ray.submit(compute="ray")
    monkeypatch.delenv("RAY_ADDRESS")
    assert on_ray.ended(run).state is RunState.COMPLETED
    assert on_ray.values(run, "loss") == [0.5, 0.25]
