"""From the words of a command to what a job is asked to be."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackboard.errors import NotFound, UsageError
from trackboard.model import Distribution, EnvironmentRequest, Launcher

if TYPE_CHECKING:
    from trackboard.ports import EnvironmentVersion
    from trackboard.service import Service

_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class EnvironmentOptions:
    """What was said of a job's environment."""

    name: str = ""  # of a registered or a curated one; a version may follow after a colon
    requirements: Path | None = None
    conda: Path | None = None
    python: str = ""  # a version, or the path of an interpreter
    packages: tuple[str, ...] = ()


def read_environment(
    service: Service, options: EnvironmentOptions
) -> tuple[EnvironmentRequest, dict[str, str]]:
    """What a job's interpreter shall have, and the variables that come with it.

    Raises:
        UsageError: Options contradict each other, or a file is not what it should be.
        NotFound: There is no such environment or file.
    """
    given = [
        option
        for option, value in (
            ("--env", options.name),
            ("--requirements", options.requirements),
            ("--conda", options.conda),
        )
        if value
    ]
    if len(given) > 1 or (options.name and (options.python or options.packages)):
        more = ["--python"] * bool(options.python) + ["--package"] * bool(options.packages)
        raise UsageError(
            f"{' and '.join([*given, *more])} do not go together",
            hint="--env is whole; --package and --python add to --requirements, --conda or nothing.",
        )
    if options.name:
        return _registered(service, options.name)
    return _packages(options), {}


def _packages(options: EnvironmentOptions) -> EnvironmentRequest:
    from trackboard.environments import read_conda_file, read_requirements

    if os.sep in options.python and not (options.requirements or options.conda or options.packages):
        return EnvironmentRequest(interpreter=os.path.abspath(os.path.expanduser(options.python)))
    request = EnvironmentRequest()
    if options.conda:
        request = read_conda_file(options.conda)
    elif options.requirements:
        packages, pip_options = read_requirements(options.requirements)
        request = EnvironmentRequest(pip_packages=packages, pip_options=pip_options)
    return replace(
        request,
        python=options.python or request.python,
        pip_packages=(*request.pip_packages, *options.packages),
    )


def _registered(service: Service, text: str) -> tuple[EnvironmentRequest, dict[str, str]]:
    """The environment of that name, in the newest version or in the one after the colon."""
    from trackboard.environments import find_curated, list_curated
    from trackboard.history import nearest

    name, _, version = text.partition(":")
    known = service.environments.list()
    found = [each for each in known if each.name.lower() == name.lower()]
    if not found and find_curated(text) is not None:
        return EnvironmentRequest(name=text), {}
    for each in found:
        if version in ("", each.version):
            return _request_of(each)
    if found:
        versions = ", ".join(each.version for each in found)
        raise NotFound(
            f"environment {name!r} has no version {version!r}", hint=f"It has: {versions}."
        )
    names = dict.fromkeys([*(each.name for each in known), *(one.name for one in list_curated())])
    near = nearest(name, names, "--requirements FILE asks for packages without a registered one.")
    raise NotFound(f"there is no environment {name!r} in {service.folder}", hint=near)


def _request_of(found: EnvironmentVersion) -> tuple[EnvironmentRequest, dict[str, str]]:
    """What a definition under the SDK's keys asks for."""
    from trackboard.environments import read_conda

    definition: Mapping[str, Any] = found.definition
    python = definition.get("python") or {}
    variables = {
        key: str(value) for key, value in (definition.get("environmentVariables") or {}).items()
    }
    if python.get("userManagedDependencies"):
        path = python.get("interpreterPath") or ""
        return EnvironmentRequest(found.name, found.version, interpreter=path), variables
    what = f"environment {found.name}:{found.version}"
    request = read_conda(python.get("condaDependencies") or {}, Path.cwd(), what)
    return replace(request, name=found.name, version=found.version), variables


def read_distribution(
    launcher: str | None, processes: int | None, nodes: int
) -> Distribution | None:
    """How many processes a job has, and how they find each other.

    Raises:
        UsageError: There are several, and nobody said how.
    """
    if launcher is None:
        if (processes or 1) > 1 or nodes > 1:
            raise UsageError(
                f"a job of {processes or nodes} processes needs a launcher",
                hint="--launcher pytorch sets MASTER_ADDR, RANK, WORLD_SIZE and so on; tensorflow sets"
                " TF_CONFIG; mpi calls mpirun.",
            )
        return None
    return Distribution(Launcher(launcher), processes or nodes, nodes)


def read_seconds(text: str | None) -> float | None:
    """How long, from `90`, `90s`, `30m`, `1.5h` or `2d`.

    Raises:
        UsageError: It is none of them.
    """
    if text is None:
        return None
    number = text.rstrip("smhd")
    try:
        found = float(number) * _UNITS_S[text[len(number) :]]
    except (ValueError, KeyError):
        found = math.nan
    if not 0 < found < math.inf:
        raise UsageError(f"{text!r} is no duration", hint="Write 90, 90s, 30m, 1.5h or 2d.")
    return found


def read_variables(texts: tuple[str, ...]) -> dict[str, str]:
    """Environment variables from `NAME=VALUE`.

    Raises:
        UsageError: One has no value.
    """
    return _read_pairs("--set-env", texts)


def read_settings(texts: tuple[str, ...]) -> dict[str, str]:
    """Values of a script's arguments from `NAME=VALUE`.

    Raises:
        UsageError: One has no value.
    """
    return _read_pairs("--set", texts)


def _read_pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(
                f"{option} {text!r} sets nothing", hint=f"Write {option} {name or 'NAME'}=VALUE."
            )
        found[name] = value
    return found


def name_experiment(source: Path) -> str:
    """An experiment's name from the name of the source folder.

    Raises:
        UsageError: There is nothing in it that a name can be made of.
    """
    folder = Path(os.path.abspath(source)).name
    name = _NO_NAME.sub("-", folder).strip("-_")[:255]
    if not name:
        raise UsageError(
            f"the folder's name {folder!r} is no name for an experiment",
            hint="Pass --experiment NAME.",
        )
    return name
