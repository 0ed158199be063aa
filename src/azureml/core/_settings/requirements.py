"""The words of pip and conda: lines of requirement files, options, names of packages."""

from __future__ import annotations

import re
import shlex
from typing import List, Sequence

from azureml.exceptions._tree import sdk_errors
from trackboard.environments.packages.requirements import Wanted, read_requirements

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def pip_lines(path: str) -> List[str]:
    """The requirements and options of a requirements file of pip, and of the files that it names.

    Raises:
        UserErrorException: It is not there, or a line means nothing.
    """
    with sdk_errors():
        packages, options = read_requirements(path)
    return lines_of(Wanted([*packages], [*options]))


def option_lines(words: Sequence[str]) -> List[str]:
    """Options of pip, each with its value in one line."""
    lines: List[List[str]] = []
    for word in words:
        if word.startswith("--") or not lines:
            lines.append([word])
        else:
            lines[-1].append(word)
    return [*map(shlex.join, lines)]


def lines_of(wanted: Wanted) -> List[str]:
    """Packages, then options."""
    return [*wanted.packages, *option_lines(wanted.options)]


def is_option(line: str) -> bool:
    """Whether a line is an option, not a package."""
    return line.lstrip().startswith("-")


def option_name(option: str) -> str:
    """An option without its value."""
    return re.split(r"[\s=]", option.strip(), maxsplit=1)[0]


def conda_name(package: str) -> str:
    """The name of a package of conda, without channel and version."""
    name = _NAME.match(package.rpartition("::")[2])
    return name[0].lower() if name else package


def pip_name(requirement: str) -> str:
    """The name of a required package, also where it is a wheel or lies somewhere else."""
    egg = re.search(r"[#&]egg=([\w.-]+)", requirement)
    is_place = re.match(r"(\w+\+)?\w+://|[./~]|\S+\.whl$", requirement)
    last = re.split(r"[/\\]", re.split(r"\.whl(?=[#?]|$)", requirement, maxsplit=1)[0])[-1]
    file = last if is_place and re.search(r"\.whl(?=[#?]|$)", requirement) else ""
    if file:
        name = file.partition("-")[0]
    elif egg:
        name = egg[1]
    else:
        match = None if is_place else _NAME.match(requirement)
        name = match[0] if match else requirement
    return re.sub(r"[-_.]+", "-", name).lower()
