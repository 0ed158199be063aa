"""Which commit the code is, and what differs from it: asked of git, with a limit in time and size."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import subprocess
import time
from pathlib import Path
from typing import List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

TIMEOUT_S = 2.0
MAX_DIFF_BYTES = 1 << 20

_PIECE_BYTES = 1 << 16
_CUT = "\n[trackboard] the rest was left out: it is longer than {:,} bytes\n"
# No hooks, pagers, questions or programs of the user's settings, and no lock for a mere look.
_GIT = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotepath=off"]
_DIFF = ["diff", "--exit-code", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD"]
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")  # set in hooks: another repository's


class GitState(NamedTuple):
    """A checkout at one moment. Text is empty, and `is_dirty` None, where git did not say in time."""

    commit: str  # 40 or 64 hex digits
    branch: str  # empty on a detached HEAD
    remote: str  # where it was cloned from, without credentials
    is_dirty: Optional[bool]  # files that git tracks differ from the commit
    diff: str  # that difference, at most 1 MB


def read_git(folder: Path, timeout_s: float = TIMEOUT_S) -> Optional[GitState]:
    """Look at the checkout that a folder lies in.

    Args:
        folder: Any folder; git is only called when it, or one above it, holds a `.git`.
        timeout_s: For everything together.

    Returns:
        None when there is no checkout, no commit, or no git.
    """
    deadline_s = time.monotonic() + timeout_s
    if not has_git(folder):
        return None
    head, _ = _ask(folder, deadline_s, "rev-parse", "HEAD", "--abbrev-ref", "HEAD")
    commit, _, branch = head.strip().partition("\n")
    if re.fullmatch(r"[0-9a-f]{40,64}", commit) is None:
        return None
    urls, _ = _ask(folder, deadline_s, "config", "--get-regexp", r"^remote\..*\.url$")
    diff, code = _ask(folder, deadline_s, *_DIFF)
    return GitState(
        commit=commit,
        branch="" if branch == "HEAD" else branch,
        remote=_remote(urls),
        is_dirty=True if diff else False if code == 0 else None,
        diff=diff,
    )


def has_git(folder: Path) -> bool:
    """Whether a folder lies in a checkout, by a look at the folders above it."""
    location = os.path.abspath(folder)
    while not os.path.exists(os.path.join(location, ".git")):
        above = os.path.dirname(location)
        if above == location:
            return False
        location = above
    return True


def without_credentials(url: str) -> str:
    """The address of a repository without the user's name, password and query.

    >>> without_credentials("https://me:ghp_123@github.com/org/repo.git")
    'https://github.com/org/repo.git'
    >>> without_credentials("git@github.com:org/repo.git")
    'git@github.com:org/repo.git'
    """
    if "://" not in url:
        return url  # a path, or ssh's short form, which has no place for a password
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # nobody could clone from it; it may hold anything
    user, at, host = parts.netloc.rpartition("@")
    kept = user.partition(":")[0] + at if parts.scheme in ("ssh", "git+ssh") else ""
    return parts._replace(netloc=kept + host, query="", fragment="").geturl()


def _remote(settings: str) -> str:
    """`origin`'s address, else the first one's."""
    urls = dict(line.partition(" ")[::2] for line in settings.splitlines())
    url = urls.get("remote.origin.url") or next(iter(urls.values()), "")
    return without_credentials(url)


def _ask(folder: Path, deadline_s: float, *words: str) -> Tuple[str, Optional[int]]:
    """What git prints, and its exit code: None when it was not there, cut short, or too slow."""
    environment = {name: value for name, value in os.environ.items() if name not in _REPOSITORY}
    environment.update(_ENVIRONMENT)
    try:
        said, code = _run([*_GIT, *words], folder, environment, deadline_s)
    except (OSError, ValueError):  # no git, a folder that is gone, or one with a NUL in its name
        return "", None
    text = said[:MAX_DIFF_BYTES].decode("utf-8", "replace")
    if len(said) > MAX_DIFF_BYTES:
        text += _CUT.format(MAX_DIFF_BYTES)
    return text, code


def _run(
    command: List[str], folder: Path, environment: Mapping[str, str], deadline_s: float
) -> Tuple[bytes, Optional[int]]:
    """Run a program until it ends, has said more than fits, or its time is over.

    `subprocess.run(timeout=...)` waits for whoever holds the pipe, and keeps everything in memory.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    said, code = bytearray(), None
    try:
        assert process.stdout is not None
        with process.stdout as pipe, selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while len(said) <= MAX_DIFF_BYTES:
                if not selector.select(max(0.0, deadline_s - time.monotonic())):
                    break
                piece = os.read(pipe.fileno(), _PIECE_BYTES)
                if not piece:
                    code = process.wait(max(0.0, deadline_s - time.monotonic()))
                    break
                said += piece
    except subprocess.TimeoutExpired:
        code = None
    finally:
        if process.returncode is None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a dead file system
                process.wait(1.0)
    return bytes(said), code
