"""Environments by name: those that were registered, their labels, and the curated ones."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple

from azureml.core._environment.definition import read_definition
from azureml.core._environment.sections import PythonSection
from azureml.core._environment.spec import EnvironmentSpec
from azureml.core.conda_dependencies import PYTHON_DEFAULT_VERSION, CondaDependencies
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import MissingException, sdk_errors
from trackboard.environments import Curated, find_curated, list_curated

if TYPE_CHECKING:
    from trackboard.ports import EnvironmentVersion
    from trackboard.service.contract.environments import Environments

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_RESERVED = re.compile(r"azureml|microsoft", re.IGNORECASE)
_FIRST_VERSION = "1"  # of a curated environment, which has the same packages in all versions
_LATEST = "latest"
_LABEL = (
    ":"  # no name has one: a label is kept as an entry `name:label`, whose newest version counts
)


def check_name(name: str) -> None:
    """Check a name that an environment is to be registered by.

    Raises:
        UserErrorException: It is reserved, or not allowed.
    """
    if _RESERVED.match(name):
        raise UserErrorException(
            f"The environment cannot be registered as {name!r}: names that begin with AzureML or"
            " Microsoft mean curated environments. environment.clone('my-' + environment.name) has"
            " another name."
        )
    if not _NAME.fullmatch(name):
        raise UserErrorException(
            f"The environment cannot be registered as {name!r}: a name has 1 to 255 letters, digits,"
            " '.', '_' and '-', and begins with a letter or digit."
        )


@dataclass(frozen=True)
class RegisteredEnvironments:
    """The environments of one workspace.

    Args:
        stored: The environments that the workspace holds.
        workspace: The workspace's name, for messages.
    """

    stored: Environments
    workspace: str

    def add(self, name: str, definition: Mapping[str, Any], version: str) -> EnvironmentVersion:
        """Register an environment; what a version says never changes.

        Args:
            name: The environment's name.
            definition: What it says.
            version: The version that it shall be; empty: the next one.
        """
        with sdk_errors():
            taken = {one.version: one.definition for one in self.stored.list(name)}
            if version in taken:  # changed since, it is the next one
                version = version if taken[version] == definition else ""
            elif version and not _NAME.fullmatch(version):
                raise UserErrorException(
                    f"version={version!r} is not allowed: use letters, digits, '.', '_' and '-'."
                )
            return self.stored.add(name, definition, version=version)

    def find(
        self, name: str, version: Optional[str], label: Optional[str]
    ) -> "EnvironmentVersion | Curated":
        """Return what a name stands for.

        Raises:
            MissingException: Nothing, or not in this version.
        """
        known = self.versions(name)
        if not known:
            curated = find_curated(name)
            if curated is None:
                raise MissingException(self._missing(name), status_code=404)
            return curated
        if label is not None:
            version = self._labelled(name, label) or known[0].version
        if version is None:
            return known[0]
        for one in known:
            if one.version == str(version):
                return one
        raise MissingException(
            f"Environment {name!r} has no version {version!r}; it has:"
            f" {', '.join(one.version for one in known)}.",
            status_code=404,
        )

    def latest(self) -> Dict[str, "EnvironmentVersion | Curated"]:
        """Return the newest version of each, curated ones first."""
        found: Dict[str, EnvironmentVersion | Curated] = {one.name: one for one in list_curated()}
        with sdk_errors():
            for one in self.stored.list():
                if _LABEL not in one.name:
                    found.setdefault(one.name, one)
        return found

    def versions(self, name: str) -> Tuple[EnvironmentVersion, ...]:
        """Return the versions of a registered environment, the newest first."""
        with sdk_errors():
            return tuple(self.stored.list(name))

    def set_label(self, name: str, version: str, label: str) -> None:
        """Let a label mean a version from now on.

        Raises:
            UserErrorException: It is no label.
        """
        if not isinstance(label, str) or not _NAME.fullmatch(label) or label.lower() == _LATEST:
            raise UserErrorException(
                f"The label {label!r} is not allowed: use letters, digits, '.', '_' and '-';"
                f" {_LATEST!r} always means the newest version."
            )
        with sdk_errors():
            self.stored.add(f"{name}{_LABEL}{label}", {"version": version})

    def _labelled(self, name: str, label: str) -> Optional[str]:
        """Return the version that a label means; None: the newest."""
        if label.lower() == _LATEST:
            return None
        found = self.versions(f"{name}{_LABEL}{label}")
        if not found:
            raise MissingException(
                f"Environment {name!r} has no label {label!r}."
                f" Environment.label(workspace, {name!r}, version, [{label!r}]) sets it.",
                status_code=404,
            )
        return str(found[0].definition["version"])

    def _missing(self, name: str) -> str:
        names = {one.lower(): one for one in self.latest()}
        near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        if near:
            hint = f"Did you mean {' or '.join(repr(names[one]) for one in near)}?"
        else:
            hint = f"Environment({name!r}) makes one; register(workspace) keeps it under that name."
        return f"There is no environment {name!r} in workspace {self.workspace!r}. {hint}"


def spec_of(
    found: "EnvironmentVersion | Curated", version: Optional[str] = None
) -> EnvironmentSpec:
    """Return what a registered or curated environment says.

    Args:
        found: What is known under its name.
        version: The version that a curated one is asked for.
    """
    if not isinstance(found, Curated):
        return read_definition({**found.definition, "name": found.name, "version": found.version})
    packages = {
        "name": found.name,
        "channels": [],
        "dependencies": [{"pip": [*found.pip_packages]}],
    }
    conda = CondaDependencies(_underlying_structure=packages if found.pip_packages else None)
    conda.set_python_version(PYTHON_DEFAULT_VERSION)
    python = PythonSection()
    python.conda_dependencies = conda
    return EnvironmentSpec(found.name, str(version or _FIRST_VERSION), python=python)
