"""Environments by name: those that were registered, their labels, and the curated ones."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple

from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import MissingException, sdk_errors
from trackboard.environments import Curated, find_curated, list_curated

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace
    from trackboard.ports import EnvironmentVersion

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_RESERVED = re.compile(r"azureml|microsoft", re.IGNORECASE)
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


def add(
    workspace: Workspace, name: str, definition: Mapping[str, Any], version: str
) -> EnvironmentVersion:
    """Register an environment; what a version says never changes.

    Args:
        workspace: Where.
        name: Its name.
        definition: What it is.
        version: The version that it shall be; empty: the next one.
    """
    store = workspace._workspace.store
    with sdk_errors():
        taken = {one.version: one.definition for one in store.list_environments(name)}
        if version in taken:  # changed since, it is the next one
            version = version if taken[version] == definition else ""
        elif version and not _NAME.fullmatch(version):
            raise UserErrorException(
                f"version={version!r} is not allowed: use letters, digits, '.', '_' and '-'."
            )
        return store.add_environment(name, definition, version=version)


def find(
    workspace: Workspace, name: str, version: Optional[str], label: Optional[str]
) -> "EnvironmentVersion | Curated":
    """What a name stands for.

    Raises:
        MissingException: Nothing, or not in this version.
    """
    known = versions(workspace, name)
    if not known:
        curated = find_curated(name)
        if curated is None:
            raise MissingException(_missing(workspace, name), status_code=404)
        return curated
    if label is not None:
        version = _labelled(workspace, name, label) or known[0].version
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


def latest(workspace: Workspace) -> Dict[str, "EnvironmentVersion | Curated"]:
    """The newest version of each, curated ones first."""
    found: Dict[str, EnvironmentVersion | Curated] = {one.name: one for one in list_curated()}
    with sdk_errors():
        for one in workspace._workspace.store.list_environments():
            if _LABEL not in one.name:
                found.setdefault(one.name, one)
    return found


def versions(workspace: Workspace, name: str) -> Tuple[EnvironmentVersion, ...]:
    """The versions of a registered environment, the newest first."""
    with sdk_errors():
        return tuple(workspace._workspace.store.list_environments(name))


def set_label(workspace: Workspace, name: str, version: str, label: str) -> None:
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
        workspace._workspace.store.add_environment(f"{name}{_LABEL}{label}", {"version": version})


def _labelled(workspace: Workspace, name: str, label: str) -> Optional[str]:
    """The version that a label means; None: the newest."""
    if label.lower() == _LATEST:
        return None
    found = versions(workspace, f"{name}{_LABEL}{label}")
    if not found:
        raise MissingException(
            f"Environment {name!r} has no label {label!r}."
            f" Environment.label(workspace, {name!r}, version, [{label!r}]) sets it.",
            status_code=404,
        )
    return str(found[0].definition["version"])


def _missing(workspace: Workspace, name: str) -> str:
    names = {one.lower(): one for one in latest(workspace)}
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if near:
        hint = f"Did you mean {' or '.join(repr(names[one]) for one in near)}?"
    else:
        hint = f"Environment({name!r}) makes one; register(workspace) keeps it under that name."
    return f"There is no environment {name!r} in workspace {workspace.name!r}. {hint}"
