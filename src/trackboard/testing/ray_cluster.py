"""A Ray cluster on loopback for tests and measurements: real processes, started and ended by their ids."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import psutil

_HOST = "127.0.0.1"
_DETACH = '"$@" </dev/null >&2 & echo $!'  # nobody's child: it belongs to no single test
_START_S = 150.0
_END_S = 10.0
_STORE_BYTES = 80_000_000  # of Ray's objects; the least it takes is 75 MB


class RayNode:
    """One `ray start` with all that it started.

    Args:
        arguments: After `ray start`.
        log: Takes what it prints.
        variables: Environment variables, beside ours.
    """

    def __init__(self, arguments: list[str], log: Path, variables: Mapping[str, str]) -> None:
        scripts = os.path.dirname(sys.executable)
        own = {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_raylet_start_wait_time_s": str(int(_START_S)),  # a busy machine takes its time
        }
        command = [f"{scripts}/ray", "start", "--block", "--disable-usage-stats", *arguments]
        command += ["--node-ip-address", _HOST]
        command += [
            "--include-log-monitor",
            "false",
        ]  # it sends output to drivers: nobody asks for it
        command += ["--object-store-memory", str(_STORE_BYTES)]
        with log.open("wb") as output:
            shell = subprocess.run(
                ["/bin/sh", "-c", _DETACH, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**_others(), **own, **variables},
                start_new_session=True,
                check=True,
            )
        self._process = psutil.Process(int(shell.stdout))
        self.log = log

    def kill(self) -> None:
        """End all of its processes at once, as a power failure would."""
        found = self._tree()
        for process in found:
            _kill(process)
        deadline_s = time.monotonic() + _END_S
        while not all(map(_is_gone, found)) and time.monotonic() < deadline_s:
            time.sleep(0.05)

    @property
    def has_ended(self) -> bool:
        """Whether `ray start` has."""
        return _is_gone(self._process)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


class RayCluster:
    """A head node, and more nodes as they are added. Close it, or use `with`.

    Args:
        cpus: Of each node, the head first.
        variables: Environment variables of all of its processes.

    Attributes:
        address: Of its dashboard.
    """

    def __init__(self, *cpus: int, variables: Mapping[str, str] | None = None) -> None:
        # Ray puts sockets there, whose paths may not be long.
        self._folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
        self._variables = variables or {}
        self._gcs, dashboard = free_port(), free_port()
        self.address = f"http://{_HOST}:{dashboard}"
        self._nodes: list[RayNode] = []
        words = ["--head", "--port", str(self._gcs), "--dashboard-host", _HOST]
        words += ["--dashboard-port", str(dashboard), "--ray-client-server-port", str(free_port())]
        self.head = self._start([*words, "--temp-dir", str(self._folder / "r")], cpus[0])
        self._until(self._is_open)
        for count in cpus[1:]:
            self._join(count)
        self._until(lambda: len(self._alive()) == len(cpus))

    def add_node(self, cpus: int) -> RayNode:
        """Start one more node, and return when Ray counts it."""
        known = set(self._alive())
        node = self._join(cpus)
        self._until(lambda: bool(set(self._alive()) - known))
        return node

    @property
    def is_up(self) -> bool:
        """Whether nobody has ended its head."""
        return not self.head.has_ended

    def close(self) -> None:
        """End all of it, and remove what it wrote."""
        for node in reversed(self._nodes):
            node.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, arguments: list[str], cpus: int) -> RayNode:
        log = self._folder / f"{len(self._nodes)}.log"
        own = ["--num-cpus", str(cpus), "--dashboard-agent-listen-port", str(free_port())]
        node = RayNode([*arguments, *own], log, self._variables)
        self._nodes.append(node)
        return node

    def _join(self, cpus: int) -> RayNode:
        return self._start(["--address", f"{_HOST}:{self._gcs}"], cpus)

    def _is_open(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((_HOST, self._gcs)) == 0

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + _START_S
        while not condition():
            broken = [node for node in self._nodes if node.has_ended]
            if broken or time.monotonic() > deadline_s:
                said = "\n".join(node.log.read_text()[-2000:] for node in self._nodes)
                self.close()
                raise TimeoutError(f"Ray did not start:\n{said}")
            time.sleep(0.1)

    def _alive(self) -> list[str]:
        asked = urllib.request.Request(f"{self.address}/api/v0/nodes?limit=1000")
        if token := self._variables.get("RAY_AUTH_TOKEN"):
            asked.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                found = json.loads(answer.read())["data"]["result"]["result"]
        except OSError:
            return []
        return [node["node_id"] for node in found if node["state"] == "ALIVE"]


def _others() -> dict[str, str]:
    """A cluster knows nothing of the workspace of who starts it."""
    ours = ("TRACKBOARD_", "AZUREML_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)  # some inits never reap
    except psutil.NoSuchProcess:
        return True


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
