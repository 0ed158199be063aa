"""Who writes to a SQLite database, named from what the kernel knows."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.workspaces import ingest_of

from trackboard.errors import Unavailable
from trackboard.record import Recorder
from trackboard.stores import open_sqlite
from trackboard.stores.engine.lock_holder import UNKNOWN, describe_writer, find_writer

pytestmark = pytest.mark.timeout(50)  # two waits of 30 s would be longer
WRITES = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("writes", flush=True)
sys.stdin.read()
"""


@contextmanager
def stopped_writer(path: Path) -> Iterator[int]:
    """A process that was stopped within a write transaction; goes on and ends with the block."""
    command = [sys.executable, "-c", WRITES, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"writes\n"
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            yield process.pid
        finally:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()


@pytest.mark.requires("linux")
@pytest.mark.parametrize("network_folder", [False, True])
def test_the_error_after_a_limited_wait_names_a_stopped_writer(
    tmp_path: Path, network_folder: bool
) -> None:
    path = tmp_path / "trackboard.db"
    store = open_sqlite(path, network_folder=network_folder)
    store.add_experiment("before")
    with stopped_writer(path) as pid:
        assert store.list_experiments() == ("before",)
        with store.limit_waits(0.05), pytest.raises(Unavailable) as error:
            store.add_experiment("meanwhile")
        assert f"pid {pid} (" in error.value.message
        assert WRITES.split()[0] in error.value.message
        assert "which is stopped" in error.value.message
    store.add_experiment("after")  # waits as long as ever
    assert store.list_experiments() == ("before", "after")
    store.close()


@pytest.mark.requires("linux")
def test_a_page_is_refreshed_beside_a_stopped_writer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "trackboard.db"
    store = open_sqlite(path)
    spool = tmp_path / "spool"
    ingest = ingest_of(tmp_path, store)
    recorder = Recorder(spool)
    recorder.create_run("exp").log("m", 1.0)
    with stopped_writer(path) as pid:
        assert ingest.refresh(0.1) > 0
        assert ingest.refresh(0.1) > 0
        (said,) = caplog.messages
        assert f"pid {pid} (" in said
    ingest.drain()
    assert [series.count for series in store.list_series()] == [1]
    recorder.close()
    store.close()


def test_nobody_writes(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "trackboard.db")
    store.add_experiment("e")
    assert find_writer(tmp_path / "trackboard.db") is None
    assert describe_writer(tmp_path / "nothing.db") == UNKNOWN
    store.close()


def test_a_system_without_a_list_of_locks(tmp_path: Path) -> None:
    assert describe_writer(tmp_path / "a.db", proc=tmp_path) == UNKNOWN


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("1: POSIX  ADVISORY  WRITE 4711 08:01:{inode} 120 120", 4711),
        ("1: POSIX  ADVISORY  WRITE 4711 08:01:{inode} 0 EOF", 4711),
        ("1: POSIX  ADVISORY  READ 4711 08:01:{inode} 120 120", None),
        ("1: POSIX  ADVISORY  WRITE 4711 08:01:{inode} 123 123", None),
        ("1: POSIX  ADVISORY  WRITE 4711 08:01:9999999999 0 EOF", None),  # another file
        ("1: FLOCK  ADVISORY  WRITE 4711 08:01:{inode} 0 EOF", None),
        ("1: POSIX  ADVISORY  WRITE 0 08:01:{inode} 120 120", None),  # of another pid namespace
        ("1: -> POSIX  ADVISORY  WRITE 4711 08:01:{inode} 120 120", None),  # it waits
        ("", None),
    ],
)
def test_lines_of_the_kernel(tmp_path: Path, line: str, found: int | None) -> None:
    shm = tmp_path / "a.db-shm"
    shm.touch()
    (tmp_path / "locks").write_text(line.format(inode=shm.stat().st_ino) + "\n")
    assert find_writer(tmp_path / "a.db", proc=tmp_path) == found
    if found:
        assert describe_writer(tmp_path / "a.db", proc=tmp_path) == "pid 4711 (of another user)"


def test_a_limit_ends_with_its_block_and_never_lengthens_a_wait(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "trackboard.db", busy_timeout_s=0.05)
    other = sqlite3.connect(tmp_path / "trackboard.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.limit_waits(0.01), store.limit_waits(60), pytest.raises(Unavailable):
        store.add_experiment("e")
    with pytest.raises(Unavailable):
        store.add_experiment("e")
    other.close()
    store.add_experiment("e")
    store.close()
