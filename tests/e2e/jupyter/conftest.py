"""A real Jupyter kernel, as a notebook's cells meet it."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from tests.waiting import PATIENCE_S, until

_URL = re.compile(r"http://localhost:\d+/|http://127\.0\.0\.1:\d+/")


@dataclass
class Said:
    """What a cell said: what a person sees below it."""

    out: str = ""
    err: str = ""
    result: str = ""
    shown: list[dict[str, str]] = field(default_factory=list)  # by MIME type
    error: str = ""

    @property
    def html(self) -> str:
        """All that was displayed as HTML."""
        return "\n".join(shown.get("text/html", "") for shown in self.shown)

    @property
    def url(self) -> str:
        """The TensorBoard's address, as shown."""
        match = _URL.search(self.html) or _URL.search(self.out)
        assert match, self
        return match[0]

    @functools.cached_property
    def page(self) -> Page:
        """The TensorBoard itself."""
        return Page(self.url)


class Kernel:
    """A kernel that stands in an empty folder."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.patience_s = PATIENCE_S  # how long a cell may say nothing
        # Unix sockets: ports that are chosen now and bound later may be somebody else's by then.
        # They need a short path.
        self._sockets = tempfile.mkdtemp(prefix="kernel-")
        self._manager = KernelManager(
            kernel_name="python3", transport="ipc", ip=f"{self._sockets}/s"
        )
        self._manager.start_kernel(cwd=str(folder), env={**os.environ, **environment})
        client = self._manager.client()
        assert isinstance(client, BlockingKernelClient)
        self._client = client
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=PATIENCE_S)
        except BaseException:
            self.close()
            raise

    def run(self, code: str) -> Said:
        """Run a cell to its end, which is no error."""
        said = self.finish(self.begin(code))
        assert not said.error, said.error
        return said

    def begin(self, code: str) -> str:
        """Begin to run a cell."""
        cell: str = self._client.execute(code, allow_stdin=False)
        return cell

    def finish(self, cell: str) -> Said:
        """Wait for the end of a cell."""
        said = Said()
        while not self._hear(cell, said):
            pass
        return said

    def wait_for_output(self, cell: str, text: str) -> None:
        """Wait until a running cell has printed something."""
        said = Said()
        while text not in said.out:
            assert not self._hear(cell, said), said

    def _hear(self, cell: str, said: Said) -> bool:
        """Take one message; returns whether the cell has ended."""
        message = self._client.get_iopub_msg(timeout=self.patience_s)
        if message["parent_header"].get("msg_id") != cell:
            return False
        kind, content = message["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stdout":
            said.out += content["text"]
        elif kind == "stream":
            said.err += content["text"]
        elif kind == "execute_result":
            said.result = content["data"]["text/plain"]
        elif kind == "display_data":
            said.shown.append(content["data"])
        elif kind == "error":
            said.error = "\n".join(content["traceback"])
        return bool(kind == "status" and content["execution_state"] == "idle")

    def interrupt(self) -> None:
        """What the notebook's stop button does."""
        self._manager.interrupt_kernel()

    def kill(self) -> None:
        """SIGKILL to the kernel's process."""
        os.kill(self.pid, signal.SIGKILL)

    def ask_to_shut_down(self) -> None:
        """What the notebook's shutdown does first, and all that it does when the kernel obeys."""
        self._client.shutdown()

    @property
    def pid(self) -> int:
        """The kernel's process."""
        process: Any = getattr(self._manager.provisioner, "process", None)
        return int(process.pid)

    def close(self) -> None:
        """End it, however it is."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()
        shutil.rmtree(self._sockets)


class Page:
    """A TensorBoard, asked as its own frontend asks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._process_id = self._find_listener()

    def get(self, path: str, form: bytes | None = None) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(self.url + path, form, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def text(self, path: str) -> str:
        """The text at a path."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text

    def points(self, tag: str) -> dict[str, list[tuple[int, float]]]:
        """Steps and values of a tag by run."""
        requests = json.dumps([{"plugin": "scalars", "tag": tag}])
        form = urllib.parse.urlencode({"requests": requests}).encode()
        (answer,) = self.get("data/plugin/timeseries/timeSeries", form)
        return {
            run: [(point["step"], point["value"]) for point in points]
            for run, points in answer.get("runToSeries", {}).items()
        }

    def runs(self) -> list[str]:
        """Names of its runs."""
        runs: list[str] = self.get("data/runs")
        return runs

    def is_there(self) -> bool:
        """Whether the process that listened at its port does so: a board of others may come after it."""
        return self._process_id is not None and self._find_listener() == self._process_id

    def _find_listener(self) -> int | None:
        port = urllib.parse.urlsplit(self.url).port
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port:
                process_id: int | None = each.pid
                return process_id
        return None

    def until(self, condition: Callable[[Page], object], *, within_s: float = PATIENCE_S) -> None:
        """Wait until something holds for it."""
        until(lambda: condition(self), self.url, patience_s=within_s)


@pytest.fixture
def start_kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Starts kernels, with variables of their own, that end with the test."""
    kernels: list[Kernel] = []

    def start(**environment: str) -> Kernel:
        folder = tmp_path / f"kernel{len(kernels)}"
        folder.mkdir()
        kernels.append(Kernel(folder, environment))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.close()


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    """A fresh kernel."""
    return start_kernel()
