"""The nearest newer versions that have wheels, where those that were asked for have none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from trackboard.environments.packages.requirements import canonical, parse_requirement

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import Specifier
    from packaging.version import Version

_BOUNDS = ("==", "===", "~=", "<", "<=")
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)


def or_newer(line: str) -> str | None:
    """The same package in the version of a requirement or any newer one; None: it sets no bound."""
    found = _bounded(line)
    if found is None:
        return None
    versions = [version for version in map(_version, found.specifier) if version is not None]
    if not versions:
        return None
    found.specifier = type(found.specifier)(f">={max(versions)}")
    return str(found)


def at(line: str, version: str) -> str:
    """The same package in a version, or a later fix of it."""
    found = parse_requirement(line)
    assert found is not None
    release = version.partition("+")[0].split(".")
    exactly = len(release) < 2 or not all(part.isdigit() for part in release)
    found.specifier = type(found.specifier)(f"{'==' if exactly else '~='}{version}")
    return str(found)


def read_lock(lock: str) -> dict[str, str]:
    """The version of each package of a requirements file that pins them all."""
    return {canonical(name): version for name, version in _LOCKED.findall(lock)}


def describe_newer(lines: Iterable[str], lock: str, python: str) -> tuple[str, ...]:
    """Which of these became newer than they say, for people: a sentence, or none.

    Args:
        lines: What was asked for, by name and version.
        lock: What was found.
        python: The version of Python that it was found for.
    """
    newer = [f"{name} {version} ({asked})" for name, version, asked in list_newer(lines, lock)]
    if not newer:
        return ()
    what = (
        f"newer than asked for, as nothing older has wheels for Python {python} and fits together"
    )
    return (f"{what}: {', '.join(newer)}",)


def list_newer(lines: Iterable[str], lock: str) -> Iterator[tuple[str, str, str]]:
    """Which of these became another version than they say: name, version, and what was asked for."""
    locked = read_lock(lock)
    for line in lines:
        found = _bounded(line)
        version = locked.get(canonical(found.name)) if found else None
        if found and version and not found.specifier.contains(version, prereleases=True):
            yield found.name, version, str(found.specifier)


def _bounded(line: str) -> Requirement | None:
    found = parse_requirement(line)
    if found is None or found.url or not any(one.operator in _BOUNDS for one in found.specifier):
        return None
    return found


def _version(specifier: Specifier) -> Version | None:
    from packaging.version import InvalidVersion, Version

    if specifier.operator == "!=":
        return None
    try:
        return Version(specifier.version.removesuffix(".*"))
    except InvalidVersion:  # `===` takes any text
        return None
