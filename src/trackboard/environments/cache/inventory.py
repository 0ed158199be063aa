"""The environments that are kept on this machine: listing and removing them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trackboard.environments.cache.environment_cache import EnvironmentCache
from trackboard.environments.cache.locks import EnvironmentLock
from trackboard.environments.home import cache_folder
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.layout.reading import read_text


@dataclass(frozen=True)
class KeptEnvironment:
    """One environment that was built on this machine.

    Attributes:
        key: Its name in the cache.
        folder: Where it is.
        names: What people called it.
        python: The version of its interpreter; empty for the remains of a build.
        packages: What is installed in it.
        size_bytes: On the disk; what it shares with the cache of downloads counts as well.
        built_s: When it was built.
        used_s: When a job last began to use it.
        is_in_use: A job uses it now, or it is being built.
    """

    key: str
    folder: Path
    names: tuple[str, ...]
    python: str
    packages: tuple[str, ...]
    size_bytes: int
    built_s: float
    used_s: float
    is_in_use: bool


def list_environments() -> tuple[KeptEnvironment, ...]:
    """Every environment that is kept, the last used first."""
    cache = EnvironmentCache(cache_folder(os.environ))
    try:
        folders = [entry.name for entry in os.scandir(cache.environments) if entry.is_dir()]
    except FileNotFoundError:
        return ()
    kept = [_describe(cache, key) for key in sorted(folders) if not key.startswith(".")]
    return tuple(sorted(kept, key=lambda each: (-each.used_s, each.key)))


def remove_environment(key: str) -> KeptEnvironment:
    """Remove one, by its key or the beginning of it.

    Returns:
        What was removed.

    Raises:
        NotFound: There is none of that key.
        Conflict: A job uses it, or several keys begin like that.
        Unavailable: Its files could not be removed.
    """
    found = [each for each in list_environments() if key and each.key.startswith(key)]
    if not found:
        raise NotFound(
            f"no environment {key!r} is kept here",
            hint="`trackboard env list` shows those that are.",
        )
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} environments begin with {key!r}: {', '.join(e.key for e in found)}",
            hint="Write more of the key.",
        )
    cache = EnvironmentCache(cache_folder(os.environ))
    lock = cache.lock(found[0].key)
    try:
        if not lock.try_hold():
            raise Conflict(
                f"the environment {found[0].key} is in use by a job",
                hint="Try again once the job has ended.",
            )
        cache.remove_files(found[0].key)
    except Unavailable:
        raise
    except OSError as exc:
        raise Unavailable(
            f"the environment {found[0].key} could not be removed from {found[0].folder}: {exc}",
            hint="What is left of it is not used by any job.",
        ) from exc
    finally:
        lock.close()
    return found[0]


def _describe(cache: EnvironmentCache, key: str) -> KeptEnvironment:
    folder = cache.environments / key
    about = cache.about(key)
    used_s = _changed_s(folder / "used") or _changed_s(folder)
    names: list[str] = []
    with suppress(NotFound, UsageError):
        names = read_text(folder / "names", "list of names").splitlines()
    return KeptEnvironment(
        key=key,
        folder=folder,
        names=tuple(names),
        python=about.python if about else "",
        packages=about.packages if about else (),
        size_bytes=about.size_bytes if about else 0,
        built_s=about.built_s if about else 0.0,
        used_s=used_s,
        is_in_use=_is_in_use(cache.lock(key)),
    )


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_in_use(lock: EnvironmentLock) -> bool:
    try:
        return not lock.try_hold()
    finally:
        lock.close()
