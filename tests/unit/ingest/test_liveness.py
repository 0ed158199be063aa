"""Nothing is declared dead, and nothing deleted, on a guess."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.workspaces import ingest_of

from trackboard.layout.paths import SILENT_SPOOLS
from trackboard.model import RunId, RunState
from trackboard.record import Recorder
from trackboard.spool import list_writers
from trackboard.spool.layout import ALIVE
from trackboard.testing.memory import MemoryStore

RUN = RunId("r")


class Network:
    """A folder of several machines, and one writer in it."""

    def __init__(self, folder: Path) -> None:
        self.spools, self.silent = folder / "spool", folder / SILENT_SPOOLS
        self.store = MemoryStore()
        self.now_s = 1000.0
        self.ingest = ingest_of(folder, self.store, is_local=False, clock=lambda: self.now_s)
        self.recorder = Recorder(self.spools)
        self.run = self.recorder.create_run("exp", run_id=RUN)
        self.logged = 0

    def pretend(self, **facts: Any) -> None:
        """Let the writer say something else of itself."""
        path = self.spools / self.recorder.writer.writer / ALIVE
        path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))

    def log(self, count: int = 10) -> None:
        for _ in range(count):
            self.run.log("n", self.logged)
            self.logged += 1

    def drain_after(self, seconds: float) -> RunState:
        self.now_s += seconds
        self.ingest.drain(patience_s=0.0)
        found = self.store.find_run(RUN)
        assert found is not None
        return found.state

    def numbers(self) -> list[float]:
        (series,) = self.store.list_series(runs=[RUN])
        return self.store.read_points([series.id])[series.id].values.tolist()  # type: ignore[no-any-return]


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


def test_another_boot_is_dead_only_together_with_a_silence(network: Network) -> None:
    """Machines may share a name and an id, as clones do: who goes on writing is alive."""
    network.pretend(boot="another")
    for _ in range(5):
        network.log()
        assert network.drain_after(100) is RunState.RUNNING
    assert network.drain_after(119) is RunState.RUNNING
    assert network.drain_after(2) is RunState.FAILED
    found = network.store.find_run(RUN)
    assert found is not None
    assert found.cause == "the machine restarted while it ran"
    assert list_writers(network.spools) == []
    assert list_writers(network.silent) == [network.recorder.writer.writer], "nothing is deleted"


def test_a_writer_that_was_taken_for_dead_loses_nothing(network: Network) -> None:
    network.pretend(boot="another")
    network.log()
    network.drain_after(0)
    assert network.drain_after(121) is RunState.FAILED
    network.log()
    assert network.drain_after(1) is RunState.RUNNING
    network.log()
    network.run.complete()
    network.recorder.close()
    for _ in range(3):
        assert network.drain_after(121) is RunState.COMPLETED
    assert network.numbers() == list(range(30))
    assert list_writers(network.spools) == list_writers(network.silent) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"boot": "another", "machine": "another"},
        {"boot": "another", "machine": "", "host": "another"},
        {"boot": "another", "machine": "another", "locked": False},
    ],
)
def test_of_another_machine_nothing_is_ever_inferred(
    network: Network, facts: dict[str, Any]
) -> None:
    network.pretend(**facts)
    network.log()
    for _ in range(5):
        assert network.drain_after(1000) is RunState.RUNNING
    assert list_writers(network.spools) == [network.recorder.writer.writer]
    assert network.numbers() == list(range(10))


def test_a_file_of_an_earlier_version_names_its_machine_by_the_host(network: Network) -> None:
    path = network.spools / network.recorder.writer.writer / ALIVE
    said = json.loads(path.read_text())
    old = {name: said[name] for name in ("host", "pid", "started_s", "locked")}
    path.write_text(json.dumps({**old, "boot": "another"}))
    network.log()
    assert network.drain_after(0) is RunState.RUNNING
    assert network.drain_after(121) is RunState.FAILED
