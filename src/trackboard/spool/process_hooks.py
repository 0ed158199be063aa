"""What becomes of this process's writers when it ends or forks: each is closed, or let go by the child."""

from __future__ import annotations

import atexit
import functools
import os
from typing import Protocol, Set


class _Writer(Protocol):
    def close(self) -> None: ...

    def forget_parent(self) -> None: ...


_writers: Set[_Writer] = set()


def hook_process(writer: _Writer) -> None:
    """Close a writer at the end of this process; `forget_parent` is called in each forked child.

    Args:
        writer: The writer; it is kept for the life of the process.
    """
    _register()
    _writers.add(writer)


@functools.lru_cache(maxsize=None)
def _register() -> None:
    os.register_at_fork(after_in_child=_forget_parents)
    atexit.register(_close_all)


def _forget_parents() -> None:
    for writer in list(_writers):
        writer.forget_parent()


def _close_all() -> None:
    for writer in list(_writers):
        writer.close()
