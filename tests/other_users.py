"""Programs under other user ids, and a folder that they can reach: for tests that run as root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_IS_READ_ONLY = (
    'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$2" && shift 2 && exec "$@"'
)


@dataclass(frozen=True)
class User:
    """Somebody without an entry in the system's list of users."""

    number: int
    groups: Sequence[int] = ()
    umask: int = 0o022


@contextmanager
def folder_for_everybody() -> Iterator[Path]:
    """A new folder that every user may enter; those of pytest are closed."""
    with tempfile.TemporaryDirectory(prefix="trackboard-open-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def run_as(user: User, program: str, *words: str, cwd: Path) -> Any:
    """Run a Python program as a user; the JSON that it prints last."""
    return _run([*_command(user), program, *words], cwd)


def start_as(user: User, program: str, *words: str, cwd: Path) -> subprocess.Popen[str]:
    """Start a Python program as a user; it is told lines, and says lines."""
    return subprocess.Popen(
        [*_command(user), program, *words],
        cwd=cwd,
        env=_environment(cwd),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_on_read_only_mount(folder: Path, program: str, *words: str, cwd: Path) -> Any:
    """Run a Python program that finds a folder mounted read-only; the JSON that it prints last."""
    shell = ["unshare", "--mount", "sh", "-c", _IS_READ_ONLY, "sh", str(folder), str(cwd)]
    return _run([*shell, sys.executable, "-c", program, *words], cwd)


def _command(user: User) -> list[str]:
    groups = ["--groups", ",".join(map(str, user.groups))] if user.groups else ["--clear-groups"]
    becoming = ["setpriv", f"--reuid={user.number}", f"--regid={user.number}", *groups]
    with_umask = f'umask {user.umask:o} && exec "$@"'
    return ["sh", "-c", with_umask, "sh", *becoming, sys.executable, "-c"]


def _run(command: Sequence[str], cwd: Path) -> Any:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=_environment(cwd),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
