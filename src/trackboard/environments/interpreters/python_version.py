"""Which Python a job shall have: what was written, unless nobody chose it or it could not record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackboard.errors import UsageError

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

RECORDS_FROM = (3, 9)  # the oldest that runs what a job records with
_RECORDS = ">=3.9"

# PYTHON_DEFAULT_VERSION of the SDK's releases, which wrote it into files that never asked for it.
_SDK_DEFAULTS = frozenset(("3.6.2", "3.8.12", "3.8.13", "3.9.12", "3.10.18"))

_PLAIN = re.compile(r"\d+(\.\d+){0,2}")
_RANGE = re.compile(r"([<>=!~]=?\s*\d+(\.\d+)*(\.\*)?\s*(,\s*)?)+")
_OLD_MINORS = (
    (2, 8),
    (3, RECORDS_FROM[1]),
)  # major, and one more than the last minor to be looked at
_NEW_MINORS = range(RECORDS_FROM[1], 40)
_PATCHES = range(40)


@dataclass(frozen=True)
class PythonChoice:
    """Which Python a job shall have.

    Attributes:
        version: `3.11`, `3.11.4` or a range; empty: any that has wheels for the rest.
        is_raised: It was too old to record; of this range it shall be the oldest that has wheels.
        sentence: What was decided otherwise than it was written.
        is_of_old: Code that was written for it is older than many versions of today.
    """

    version: str
    is_raised: bool = False
    sentence: str = ""
    is_of_old: bool = False


def choose_python(written: str) -> PythonChoice:
    """Decide what a version in an environment's words means.

    Raises:
        UsageError: It is no version.
    """
    version = written.strip()
    if not version:
        return PythonChoice("")
    if not (_PLAIN.fullmatch(version) or _RANGE.fullmatch(version)):
        raise UsageError(
            f"{written!r} is no version of Python",
            hint='Write it as "3.11", "3.11.4" or ">=3.10,<3.13".',
        )
    if version in _SDK_DEFAULTS:
        return PythonChoice(
            "",
            sentence=f"Python {version} is a default of the Azure ML SDK, which nobody chose:"
            " any Python will do",
            is_of_old=_numbers(version) < RECORDS_FROM,
        )
    allowed = _specifiers(version)
    has_old = any(allowed.contains(one) for one in _old_versions())
    if not has_old:
        return PythonChoice(version)
    if any(allowed.contains(one) for one in _new_versions()):
        return PythonChoice(version if _PLAIN.fullmatch(version) else f"{version},{_RECORDS}")
    return PythonChoice(
        _RECORDS,
        is_raised=True,
        sentence=f"Python {version} cannot record, which needs 3.9 or newer: the nearest Python that"
        " can, and that has wheels for all that is asked for, is used instead",
        is_of_old=True,
    )


def is_met(version: str, wanted: str) -> bool:
    """Whether a version of Python is what was asked for."""
    return _specifiers(wanted).contains(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _specifiers(version: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet

    if not _PLAIN.fullmatch(version):
        return SpecifierSet(version)
    return SpecifierSet(f"=={version}" if version.count(".") == 2 else f"=={version}.*")


def _old_versions() -> Iterator[str]:
    for major, minors in _OLD_MINORS:
        yield from (f"{major}.{minor}.{patch}" for minor in range(minors) for patch in _PATCHES)


def _new_versions() -> Iterator[str]:
    return (f"3.{minor}.{patch}" for minor in _NEW_MINORS for patch in _PATCHES)
