"""How far something is that takes longer than a second: one line of the terminal, drawn over and over."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from trackboard.cli import formatting

_QUIET_S = 1.0
_EVERY_S = 0.1
_WIDTH = 24


@contextlib.contextmanager
def progress_bar(
    unit: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int, int], None]]:
    """Draw a bar on standard error, if that is a terminal; it is gone at the end of the block.

    Args:
        unit: What is counted, for people: `runs`.
        clock: Tells monotonic seconds.

    Yields:
        What to call with how many are done, how many there are, and how many points that was.
    """
    begin_s = drawn_s = clock()
    is_drawn = False

    def draw(done: int, total: int, points: int) -> None:
        nonlocal drawn_s, is_drawn
        now_s = clock()
        if now_s - begin_s < _QUIET_S or (now_s - drawn_s < _EVERY_S and done < total):
            return
        drawn_s, is_drawn = now_s, True
        full = _WIDTH * done // max(total, 1)
        bar = "#" * full + "-" * (_WIDTH - full)
        more = f", {points:,} points" if points else ""
        sys.stderr.write(f"\r\x1b[K[{bar}] {done:,} of {total:,} {unit}{more}")
        sys.stderr.flush()

    def keep_quiet(done: int, total: int, points: int) -> None:
        del done, total, points

    try:
        yield draw if sys.stderr.isatty() else keep_quiet
    finally:
        if is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def describe_import(
    *, new: int, changed: int, unchanged: int, points: int, files: int, size_bytes: int
) -> str:
    """Say in one line what came in."""
    runs = formatting.count(new, "run")
    more = [f"{changed:,} brought up to date"] if changed else []
    more += [f"{unchanged:,} unchanged"] if unchanged else []
    beside = f" ({', '.join(more)})" if more else ""
    kept = f", {formatting.count(files, 'file')} of {formatting.size(size_bytes)}" if files else ""
    return f"{runs}{beside}, {formatting.count(points, 'point')}{kept}"
