"""A PostgreSQL server of the tests' own: a new cluster, on a socket, gone with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.prerequisites import require

from trackboard.ports import Store
from trackboard.stores import open_postgresql
from trackboard.stores.schema.tables import metadata

_USER = "postgres"  # no server of PostgreSQL runs as root; Debian's package makes this user
_PATIENCE_S = 120.0
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of an empty database."""
    with run_cluster(Path(require("postgresql"))) as address:
        yield address


@contextmanager
def run_cluster(programs: Path) -> Iterator[str]:
    """Start a server; yields the address of its one database, and ends it with the block.

    Args:
        programs: The folder of `initdb` and `postgres`.
    """
    user = _USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the address of a socket has 107 bytes
    try:
        if user:
            shutil.chown(folder, user, user)
        data = folder / "data"
        made = [str(programs / "initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*made, *_language(programs), "--no-sync"],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=_PATIENCE_S,
        )
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *settings],
                user=user,
                group=user,
                extra_groups=[] if user else None,
                cwd=folder,
                stderr=log,
            ) as server,
        ):
            try:
                address = f"postgresql://{_USER}@/postgres?host={folder}"
                _wait_until_it_answers(address, server, folder / "log")
                yield address
            finally:
                server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
                try:
                    server.wait(_PATIENCE_S)
                except subprocess.TimeoutExpired:
                    server.kill()
    finally:
        shutil.rmtree(folder)


def _language(programs: Path) -> list[str]:
    """A language that sorts "a" before "B", where the server knows one without the system's help."""
    told = subprocess.run(
        [programs / "initdb", "--help"], check=True, capture_output=True, text=True
    ).stdout
    icu = ["--locale-provider=icu", "--icu-locale=en-US"]
    return ["--locale=C.UTF-8", *(icu if "--icu-locale" in told else [])]


def url_of(address: str) -> str:
    """Write the address of a database as SQLAlchemy has it."""
    return address.replace("postgresql:", "postgresql+psycopg:")


def open_empty(address: str) -> Store:
    """Open the history in a database, and take everything out of it: to make its tables takes longer."""
    store = open_postgresql(url_of(address))
    with psycopg.connect(address) as connection:
        tables = ", ".join(sorted(metadata.tables.keys() - {"meta"}))
        connection.execute(f"TRUNCATE {tables}".encode())
        connection.execute("UPDATE meta SET value = 0 WHERE key = 'version'")
    return store


def _wait_until_it_answers(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(log.read_text()) from None
            time.sleep(0.05)
        else:
            return
