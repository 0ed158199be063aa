"""From the words of conda to those of pip."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackboard.config.yaml_file import read_yaml
from trackboard.environments.packages.conda_names import RENAMED, is_python_package
from trackboard.environments.packages.curated import find_curated
from trackboard.environments.packages.requirements import (
    read_lines,
    read_requirements,
    requirement_name,
)
from trackboard.errors import TrackboardError, UsageError
from trackboard.model import EnvironmentRequest

_NAME = re.compile(r"(?:[^\s:\[]+::?)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<rest>.*)", re.DOTALL)
_BRACKETS = re.compile(r"\[(.*)\]\s*$")
_IN_BRACKETS = re.compile(r"version\s*=\s*['\"]?([^'\"\]]+)['\"]?")
_LONGEST = 1_000  # characters of a specification
_OPERATORS = ("==", ">=", "<=", "!=", "~=", ">", "<")


@dataclass(frozen=True)
class Spec:
    """A match specification of conda.

    Attributes:
        name: Conda's name of the package, in lower case.
        versions: What pip would write behind the name; empty: any.
        unclear: The part that pip has no words for, which is left out.
    """

    name: str
    versions: str
    unclear: str = ""

    @property
    def requirement(self) -> str:
        """As pip's requirement; empty for what is no package of Python."""
        if not is_python_package(self.name):
            return ""
        return RENAMED.get(self.name, self.name) + self.versions


def parse_spec(text: str) -> Spec:
    """Read a match specification: `numpy=1.24`, `pytorch::pytorch>=2`, `scipy 1.10.* py39_0`.

    Raises:
        UsageError: It is none.
    """
    match = _NAME.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise UsageError(
            f"{text[:_LONGEST]!r} is no package of conda",
            hint="Write a name and, if it matters, versions: numpy, numpy=1.26, numpy>=1.26,<2.",
        )
    name, rest = match["name"].lower(), match["rest"].strip()
    brackets = _BRACKETS.search(rest)
    if brackets:
        inside = _IN_BRACKETS.search(brackets[1])
        rest = rest[: brackets.start()].strip() or (inside[1].strip() if inside else "")
    version, build = _split(rest)
    if "|" in version:
        return Spec(name, "", unclear=version)
    try:
        versions = ",".join(filter(None, (_clause(clause) for clause in version.split(","))))
        _check(versions)
    except ValueError:
        return Spec(name, "", unclear=version)
    return Spec(name, versions, unclear=build if build.strip("*") else "")


def read_conda_file(path: Path | str) -> EnvironmentRequest:
    """Read an environment file of conda.

    Raises:
        NotFound: It is not there.
        UsageError: It is no such file.
    """
    location = Path(os.path.abspath(os.path.expanduser(path)))
    content = load_conda_file(location)
    if not isinstance(content, dict) or not isinstance(content.get("dependencies") or [], list):
        raise UsageError(
            f"{str(location)!r} is no environment file of conda: it has no list 'dependencies'",
            hint="See docs/environments.md for an example.",
        )
    return read_conda(content, location.parent, str(location))


def read_conda(content: Mapping[str, Any], folder: Path, source: str) -> EnvironmentRequest:
    """Read what an environment file of conda says.

    Args:
        content: What it says.
        folder: What relative paths in it are relative to.
        source: What to call it in a message.

    Raises:
        UsageError: It is no such file.
    """
    conda: list[str] = []
    pip: list[str] = []
    for entry in content.get("dependencies") or ():
        if isinstance(entry, str):
            conda.append(entry)
        elif isinstance(entry, dict) and [*entry] == ["pip"] and _is_words(entry["pip"]):
            pip += entry["pip"] or ()
        else:
            raise UsageError(
                f"{source}: the dependency {entry!r} is neither a package nor the list 'pip'",
                hint="See docs/environments.md for an example.",
            )
    wanted = read_lines(pip, folder, source)
    python = [spec for spec in map(parse_spec, conda) if spec.name == "python"]
    name = str(content.get("name") or "")
    return EnvironmentRequest(
        name=name,
        python=join_pythons([spec.versions for spec in python]),
        pip_packages=tuple(wanted.packages),
        conda_packages=tuple(text for text in conda if parse_spec(text).name != "python"),
        pip_options=tuple(wanted.options),
        curated=name if find_curated(name) else "",
    )


def join_pythons(versions: list[str]) -> str:
    """The one version of Python that several words ask for, as `3.9` or `>=3.8,<3.11`.

    Raises:
        UsageError: They ask for different ones.
    """
    plain = {_plain_version(text) for text in versions if text}
    if len(plain) > 1:
        raise UsageError(
            f"two versions of Python are asked for: {' and '.join(sorted(plain))}",
            hint="Name one of them only.",
        )
    return plain.pop() if plain else ""


def load_conda_file(location: Path) -> Any:
    """What an environment file of conda says, not checked yet.

    Raises:
        NotFound: It is not there.
        UsageError: It is no YAML; a file of pip's is told which way it can be read.
    """
    try:
        content = read_yaml(location, "conda file")
    except UsageError as exc:
        if _is_of_pip(location):
            raise _for_pip(location) from exc
        raise
    if not isinstance(content, dict) and _is_of_pip(location):
        raise _for_pip(location)
    return content


def _is_of_pip(location: Path) -> bool:
    """Whether each line of a file is a requirement, as pip writes them."""
    try:
        packages, options = read_requirements(location)
        is_one = [bool(requirement_name(line) or "/" in line) for line in packages]
    except TrackboardError:
        return False
    return bool(is_one or options) and all(is_one)


def _for_pip(location: Path) -> UsageError:
    return UsageError(
        f"{str(location)!r} is a requirements file of pip, not an environment file of conda",
        hint=f"Environment.from_pip_requirements(name, {location.name!r}) reads it; on the command line:"
        f" --requirements {location.name}",
    )


def _is_words(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(word, str) for word in value)
    )


def _split(rest: str) -> tuple[str, str]:
    """The versions, and the build behind them."""
    rest = re.sub(r"\s*([,|])\s*", r"\1", rest)
    rest = re.sub(r"([=<>!~])\s+", r"\1", rest)
    version, _, build = " ".join(rest.split(None, 1)).partition(" ")
    if re.fullmatch(r"=[^=<>!~,|]+=[^=]+", version):  # numpy=1.24.3=py39h_0
        version, _, build = version.rpartition("=")
    return version, build


def _clause(clause: str) -> str:
    """One condition on a version."""
    if clause in ("", "*", "=", "=*", "==*"):
        return ""
    for operator in _OPERATORS:
        if clause.startswith(operator):
            value = clause.removeprefix(operator)
            if operator in (">=", "<=", ">", "<"):
                value = value.removesuffix(".*")
            return f"{operator}{value}"
    if clause.startswith("="):  # 1.24 or any below it
        value = clause.removeprefix("=").removesuffix("*").removesuffix(".")
        return f"=={value}.*" if re.fullmatch(r"[\d.]+", value) else f"=={value}"
    return f"=={clause}" if not clause.endswith("*") else f"=={clause[:-1].rstrip('.')}.*"


def _check(versions: str) -> None:
    from packaging.specifiers import SpecifierSet

    SpecifierSet(versions)  # its InvalidSpecifier is a ValueError


def _plain_version(text: str) -> str:
    """`3.9` for `==3.9`, `==3.9.*` and `3.9`; ranges stay as they are."""
    match = re.fullmatch(r"=*\s*(\d+(?:\.\d+)*)(?:\.\*)?", text.strip())
    return match[1] if match else text.strip()
