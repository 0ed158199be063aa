"""The lock that keeps files from being freed after they were put and before something names them.

Who puts files into the blobs, or takes up again what is there (a snapshot, a model's files), shares it until
something that is stored, or recorded, names them. Who frees files that nothing names holds it alone, for a
moment at a time. Files of runs need none of this: they wait in a spool's outbox, and are moved and named by
whoever holds the workspace's lock.
"""

from __future__ import annotations

import contextlib
from typing import Iterator

from trackboard.errors import Unavailable
from trackboard.layout.locks import hold
from trackboard.layout.paths import WorkspacePaths

TIMEOUT_S = 30.0


@contextlib.contextmanager
def keep_files(paths: WorkspacePaths) -> Iterator[None]:
    """Keep files that are put within the `with` block from being freed until its end.

    Args:
        paths: The workspace.

    Raises:
        Unavailable: Somebody frees files all the time, or the lock cannot be taken.
    """
    with _held(paths, TIMEOUT_S, shared=True):
        yield


@contextlib.contextmanager
def free_files(paths: WorkspacePaths, timeout_s: float = TIMEOUT_S) -> Iterator[None]:
    """Keep everybody from putting files that are not named yet, for the length of the `with` block.

    Args:
        paths: The workspace.
        timeout_s: How long those who put files are waited for.

    Raises:
        Unavailable: Somebody puts files all the time, or the lock cannot be taken.
    """
    with _held(paths, timeout_s, shared=False):
        yield


@contextlib.contextmanager
def _held(paths: WorkspacePaths, timeout_s: float, *, shared: bool) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            is_held = stack.enter_context(hold(paths.files_lock, timeout_s, shared=shared))
        except OSError as error:
            raise Unavailable(
                f"the lock {paths.files_lock} cannot be taken: {error.strerror or error}",
                hint=f"Check that you may write to {paths.folder}, and that its disk can lock files.",
            ) from error
        if not is_held:
            what = "frees files" if shared else "puts files, such as the code of a job,"
            raise Unavailable(
                f"another process {what} in {paths.folder} for longer than {timeout_s:.0f} s",
                hint="Try again when it is done.",
            )
        yield
