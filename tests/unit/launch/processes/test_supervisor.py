"""Several processes as one: they begin together and end together."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.waiting import until

from trackboard.errors import UsageError
from trackboard.launch.processes.ranks import Rank
from trackboard.launch.processes.supervisor import Supervisor

_SLEEP = "import time; time.sleep(600)"
Start = Callable[..., Supervisor]


@pytest.fixture
def start(tmp_path: Path, leaves_no_process: None) -> Iterator[Start]:  # noqa: ARG001
    started: list[Supervisor] = []

    def start(*codes: str, servers: int = 0, grace_s: float = 5.0) -> Supervisor:
        variables = {"PATH": os.environ["PATH"]}
        ranks = [
            Rank(
                f"rank {number}",
                (sys.executable, "-c", code),
                variables,
                f"console-{number}.txt",
                is_server=number >= len(codes) - servers,
            )
            for number, code in enumerate(codes)
        ]
        supervisor = Supervisor(ranks, tmp_path, tmp_path, grace_s=grace_s, leftover_grace_s=0.2)
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        supervisor.close()


def _wait(supervisor: Supervisor) -> None:
    until(lambda: supervisor.wait(0.5))


def test_all_end_well(start: Start, tmp_path: Path) -> None:
    supervisor = start("print('a')", "print('b')")
    _wait(supervisor)
    assert supervisor.failure is None
    assert not supervisor.left
    assert (tmp_path / "console-0.txt").read_text() == "a\n"
    assert (tmp_path / "console-1.txt").read_text() == "b\n"


def test_one_fails(start: Start) -> None:
    supervisor = start(_SLEEP, "raise SystemExit(4)", _SLEEP)
    _wait(supervisor)
    assert supervisor.failure is not None
    assert (supervisor.failure.rank.name, supervisor.failure.code) == ("rank 1", 4)


def test_one_that_has_ended_well_lets_the_others_go_on(start: Start, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    supervisor = start("pass", f"import os\nwhile not os.path.exists({str(go_on)!r}): pass")
    assert not supervisor.wait(0.5)
    go_on.touch()
    _wait(supervisor)
    assert supervisor.failure is None


def test_servers_end_with_the_last_worker(start: Start) -> None:
    supervisor = start("pass", _SLEEP, servers=1)
    _wait(supervisor)
    assert supervisor.failure is None


def test_a_server_that_fails_fails_the_job(start: Start) -> None:
    supervisor = start(_SLEEP, "raise SystemExit(2)", servers=1)
    _wait(supervisor)
    assert supervisor.failure is not None
    assert supervisor.failure.rank.name == "rank 1"


def test_asked_to_end_is_no_failure(start: Start) -> None:
    supervisor = start(_SLEEP, _SLEEP)
    supervisor.end()
    _wait(supervisor)
    assert supervisor.failure is None


def test_who_does_not_hear_is_ended_by_force(start: Start, tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    supervisor = start(f"{deaf} {_SLEEP}", grace_s=0.2)
    until(lambda: (tmp_path / "console-0.txt").read_text())
    supervisor.end()
    _wait(supervisor)


def test_one_cannot_be_started(tmp_path: Path, leaves_no_process: None) -> None:  # noqa: ARG001
    """Then none is."""
    others = psutil.Process().children()
    ranks = [
        Rank("rank 0", (sys.executable, "-c", _SLEEP), {}, "console-0.txt"),
        Rank("rank 1", ("/no/python",), {}, "console-1.txt"),
    ]
    with pytest.raises(UsageError, match="'/no/python' could not be started"):
        Supervisor(ranks, tmp_path, tmp_path, grace_s=1.0, leftover_grace_s=0.2)
    assert psutil.Process().children() == others


def test_who_is_in_it(start: Start) -> None:
    supervisor = start(_SLEEP, _SLEEP)
    pids = supervisor.list_pids(orphans=False)
    assert len(pids) == 2
    assert pids < supervisor.pids  # which has the watchdog as well
