"""What every benchmark prints around its numbers: where it ran, with what, how, and the verdict."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A promise: `value` may be at most `limit`, or at least, where `at_least` says so."""

    name: str
    value: float
    limit: float
    unit: str = "x"
    at_least: bool = False

    @property
    def is_reached(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "reached" if self.is_reached else "NOT REACHED"
        return f"{self.value:9.3g} {self.unit:2} {sign} {self.limit:g}  {verdict:12} {self.name}"


def print_head(title: str, *packages: str) -> None:
    """Say what is measured, where, and with which versions."""
    words = [os.path.relpath(sys.argv[0]), *sys.argv[1:]]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    print(title)
    print(f"  command   python {shlex.join(words)}")
    print(f"  machine   {_machine()}; load {os.getloadavg()[0]:.1f} at the start")
    print(f"  versions  Python {platform.python_version()}, {versions}")
    print(f"  date      {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}")
    print()


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left, numbers to the right."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        first, *rest = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]).rstrip())
    print()


def print_targets(targets: Iterable[Target]) -> None:
    """Say of every target whether it is reached."""
    for target in targets:
        print(target)


def _machine() -> str:
    return f"{os.cpu_count()} x {_processor()}, {_memory_gb():.0f} GB, {platform.platform()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory_gb() -> float:
    return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES") / 2**30
