"""Building an environment: once, for all who ask for the same, while others wait."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from trackboard.environments.cache.environment_cache import About, EnvironmentCache, Lease
from trackboard.environments.cache.locks import EnvironmentLock, holding_lock
from trackboard.environments.gpus import describe_unused
from trackboard.environments.packages.local_packages import has_sources
from trackboard.environments.resolution.resolver import Resolved, Resolver
from trackboard.environments.uv.failures import no_space
from trackboard.environments.uv.process import Answer, Uv
from trackboard.errors import Unavailable
from trackboard.model import EnvironmentPlan

_WAITING_S = 30.0  # so often it is said that another job builds it
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
_MEGABYTE = 1_000_000


class Builder:
    """Builds what a plan asks for.

    Args:
        cache: Where it is kept.
        plan: What it shall have.
        variables: The job's.
        log: Takes every line of the build.
        is_canceled: Asked a few times a second.
    """

    def __init__(
        self,
        cache: EnvironmentCache,
        plan: EnvironmentPlan,
        variables: Mapping[str, str],
        *,
        log: Callable[[str], None],
        is_canceled: Callable[[], bool],
    ) -> None:
        self._cache = cache
        self._plan = plan
        self._next_word_s = 0.0
        folder = cache.environments
        self._uv = Uv(folder, variables, is_canceled=is_canceled, log=log)
        self._resolver = Resolver(self._uv, plan, cache.folder)

    def build(self, digest: str) -> Lease:
        """Find what answers the question, or make it.

        Raises:
            Canceled: Nobody wants it any more.
            UsageError: It cannot be made as it is asked for.
            Unavailable: There is no space, or no network.
        """
        try:
            self._cache.environments.mkdir(parents=True, exist_ok=True)
            with holding_lock(self._cache.question(digest), self._wait):
                lease = self._cache.take(digest, self._plan.name)
                while lease is None:  # somebody may remove it at once
                    self._make(digest)
                    lease = self._cache.take(digest, self._plan.name)
                return lease
        except Unavailable:
            raise
        except OSError as exc:
            raise self._unavailable(exc) from exc

    def _make(self, digest: str) -> None:
        """Afterwards the question has an answer."""
        began_s = time.monotonic()
        resolved = self._resolver.resolve()
        lock = self._cache.lock(resolved.key)
        try:
            lock.hold(self._wait)
            if self._cache.lease(resolved.key, (), lock) is None:
                self._install(resolved, lock, began_s)
            self._cache.remember(digest, resolved.key, resolved.notes)
            lock.try_share()  # what uv left dying holds this lock, too: let others share it
        finally:
            lock.close()

    def _install(self, resolved: Resolved, lock: EnvironmentLock, began_s: float) -> None:
        """Build it from nothing; what is there is the remains of a build that was killed."""
        folder = self._cache.environments / resolved.key
        self._cache.remove_files(resolved.key)
        folder.mkdir()
        try:
            self._fill(folder, resolved, lock)
            about = About(
                python=resolved.python.version,
                base=resolved.python.path,
                packages=resolved.packages,
                built_s=time.time(),
                took_s=time.monotonic() - began_s,
                size_bytes=_size_bytes(folder),
            )
            self._cache.finish(resolved.key, about)
        except BaseException:
            self._cache.remove_files(resolved.key)
            raise
        size = f"{about.size_bytes / _MEGABYTE:.1f} MB"
        self._uv.report(f"environment {resolved.key}: built in {about.took_s:.1f} s, {size}")

    def _fill(self, folder: Path, resolved: Resolved, lock: EnvironmentLock) -> None:
        name = self._plan.name or "job"
        venv = str(folder / "venv")
        made = self._uv.run(
            [
                "venv",
                "-q",
                "--no-project",
                "--python",
                resolved.python.path,
                "--prompt",
                name,
                venv,
            ],
            doing="making a virtual environment",
            keep_fd=lock.fd,
        )
        self._raise_unless_installed(resolved, made)
        if not resolved.packages:
            return
        count = len(resolved.packages)
        self._uv.report(f"installing {count} package{'s' * (count != 1)}")
        unused = describe_unused(resolved.packages)
        if unused:
            self._uv.report(unused)
        file = folder / "requirements.txt"
        file.write_text(resolved.lock)
        command = ["pip", "sync", str(file), "--python", f"{venv}/bin/python"]
        if has_sources(self._plan.requirements):
            command.append("--refresh")  # a folder that was built before may have changed
        installed = self._uv.run(
            [*command, *self._resolver.options.for_install()],
            doing="installing",
            keep_fd=lock.fd,
        )
        self._raise_unless_installed(resolved, installed)

    def _raise_unless_installed(self, resolved: Resolved, answer: Answer) -> None:
        if answer.code != 0:
            raise self._resolver.failure(resolved.python, answer, "installed")

    def _wait(self) -> None:
        """While another process builds this very environment."""
        self._uv.check()
        if time.monotonic() > self._next_word_s:
            self._next_word_s = time.monotonic() + _WAITING_S
            self._uv.report("waiting for another job that builds this environment")

    def _unavailable(self, exc: OSError) -> Unavailable:
        if exc.errno in _FULL:
            return no_space(self._cache.folder, self._uv.variables, str(exc))
        return Unavailable(
            f"the environment cannot be built in {self._cache.folder}: {exc}",
            hint="TRACKBOARD_CACHE names another folder.",
        )


def _size_bytes(folder: Path) -> int:
    """What its files take on the disk; those that the cache of downloads has too count as well."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            total += os.lstat(os.path.join(where, name)).st_blocks * 512
    return total
