"""Where a workspace is: the search that every entry point shares.

In this order: an explicit location; the variable `TRACKBOARD_URI`; the folder in which the SDK's
`config.json` is found; the nearest `.trackboard/` upward that holds the workspace `default`, or only one,
of whatever name; else a new one in the current folder. So an empty `.trackboard/`, of a parent or of the
home folder, catches nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackboard.errors import NotFound, UsageError
from trackboard.layout import ROOT
from trackboard.layout.reading import read_json
from trackboard.layout.root import SETTINGS_FILE
from trackboard.layout.safe_paths import given_name, given_path

DEFAULT_NAME = "default"
VARIABLE = "TRACKBOARD_URI"
FOLDER_KEY = "trackboard_folder"  # in a configuration file that we wrote
_SDK_FOLDERS = (".azureml", "aml_config", "")
_SDK_NESTED = tuple(
    f"{folder}/{folder}" for folder in _SDK_FOLDERS if folder
)  # write_config(".azureml")
_SDK_FILES = ("config.json", "project.json")
_WHAT = "workspace configuration"
_LIMIT_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,254}")


@dataclass(frozen=True)
class SdkConfig:
    """What an SDK v1 configuration file says. Nothing of it is ever sent anywhere."""

    path: Path
    workspace_name: str
    subscription_id: str
    resource_group: str
    folder: Path | None = None  # where the history is, if the file says so: ours does


@dataclass(frozen=True)
class Location:
    """A workspace's folder, which may not exist yet."""

    folder: Path  # absolute: <somewhere>/.trackboard/<name>
    sdk_config: SdkConfig | None = None

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self.folder.name


def find_location(argument: str | os.PathLike[str] | None = None) -> Location:
    """Find the workspace to use from here.

    Args:
        argument: A workspace's folder, a `.trackboard` folder, or a folder that holds one (or shall).

    Raises:
        UsageError: The argument or the variable names something that cannot be a workspace.
    """
    if argument is not None:
        return Location(_explicit(Path(argument)))
    from_environment = os.environ.get(VARIABLE)
    if from_environment:
        return Location(_explicit(Path(from_environment)))
    here = Path.cwd()
    config = find_sdk_config(here)
    if config is not None:
        return location_of(config)
    found = (_workspace_in(folder / ROOT) for folder in (here, *here.parents))
    return Location(next(filter(None, found), here / ROOT / DEFAULT_NAME))


def find_in(folder: Path) -> Path | None:
    """Find the workspace that somebody means who wants to look into a folder: itself, or one in it.

    Args:
        folder: A workspace's folder, a `.trackboard` folder, or a folder that may hold one.

    Returns:
        The workspace's folder; None where there is no workspace.

    Raises:
        UsageError: There are several, of which none is `default` or the one that the SDK's file names.
    """
    folder = folder.absolute()
    if os.path.isfile(folder / SETTINGS_FILE):
        return folder
    if folder.parent.name == ROOT:
        return folder if _is_used(folder.parent, folder.name) else None
    if folder.name == ROOT:
        root = folder
    else:
        root = folder / ROOT
        for config in filter(None, map(_read_keys, _candidates_in(folder))):
            named = location_of(config).folder
            if _is_used(named.parent, named.name):
                return named
    several = [] if _is_used(root) else _list_names(root)
    if len(several) > 1:
        raise UsageError(
            f"there are several workspaces in {root}: {', '.join(several)}",
            hint=f"Name one of them: {root / several[0]}",
        )
    return _workspace_in(root)


def _workspace_in(root: Path) -> Path | None:
    """The workspace `default` in a `.trackboard`, or the only one there."""
    if _is_used(root):
        return root / DEFAULT_NAME
    named = _list_names(root)
    return root / named[0] if len(named) == 1 else None


def _list_names(root: Path) -> list[str]:
    """The names of the workspaces in a `.trackboard`."""
    return sorted(settings.parent.name for settings in root.glob(f"*/{SETTINGS_FILE}"))


def find_named(name: str) -> Path:
    """The folder of the workspace of that name, which need not exist.

    It is beside the one of the current folder; where it is not, in the nearest `.trackboard/` upward that
    holds it.
    """
    return next(
        (root / name for root in _list_roots() if _is_used(root, name)), _list_roots()[0] / name
    )


def list_named() -> dict[str, Path]:
    """The workspaces that `find_named` finds: their folders by name."""
    found: dict[str, Path] = {}
    for root in _list_roots():
        for name in _list_names(root):
            found.setdefault(name, root / name)
    return dict(sorted(found.items()))


def _list_roots() -> list[Path]:
    """Where workspaces with names may be, the first is where new ones are made."""
    current = find_location()
    home = current.folder.parent
    roots = [home if home.name == ROOT else home / ROOT]
    if not os.environ.get(VARIABLE) and current.sdk_config is None:
        roots += [folder / ROOT for folder in (Path.cwd(), *Path.cwd().parents)]
    return roots


def _is_used(root: Path, name: str = DEFAULT_NAME) -> bool:
    """Whether a `.trackboard` folder holds anything of a workspace, or is closed to us."""
    try:
        with os.scandir(root / name) as entries:
            return next(entries, None) is not None
    except PermissionError:
        return os.path.isdir(root)  # False where it is a folder above that is closed
    except OSError:
        return False


def location_of(config: SdkConfig) -> Location:
    """The workspace that an SDK configuration file stands for: beside the file, under its name.

    A file that we wrote says where it is; that counts as long as it is there.
    """
    if config.folder is not None and config.folder.is_dir():
        return Location(config.folder, config)
    folder = config.path.parent
    while folder.name and folder.name in _SDK_FOLDERS:
        folder = folder.parent
    return Location(folder / ROOT / config.workspace_name, config)


def find_sdk_config(start: Path) -> SdkConfig | None:
    """The nearest SDK configuration file from `start` upward.

    The nearest folder wins; within it `.azureml/`, `aml_config/`, then the folder itself. (The SDK let
    an `.azureml/` in a far ancestor win over a file beside the notebook.) Files of that name that are
    not the SDK's are passed over.
    """
    for path in _candidates(start.absolute()):
        keys = _read_keys(path)
        if keys is not None:
            return keys
    return None


def read_sdk_config(path: Path, *, file_name: str | None = None) -> SdkConfig:
    """Read the configuration that `path` names: the file itself, or the nearest one from that folder.

    Raises:
        NotFound: There is none.
        UsageError: The file is there but lacks what it must say.
    """
    path = given_path(path)
    if file_name is not None:
        given_name(file_name)
    if path.is_file():
        candidates = [path]
    elif file_name is not None:
        candidates = [c.with_name(file_name) for c in _candidates(path.absolute(), exists=False)]
    else:
        candidates = list(_candidates(path.absolute()))
    for candidate in candidates:
        if candidate.is_file():
            config = _keys_of(candidate, read_json(candidate, _WHAT, _LIMIT_BYTES))
            if config is not None:
                return config
            raise UsageError(
                f"{candidate} does not name a workspace",
                hint='It must hold "subscription_id", "resource_group" and "workspace_name", or "Scope".',
            )
    raise NotFound(
        f"no config.json was found in {path.absolute()} or above",
        hint="Workspace.from_config() without a path uses or makes a workspace in the current folder.",
    )


def _candidates(start: Path, *, exists: bool = True) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield from _candidates_in(folder, exists=exists)


def _candidates_in(folder: Path, *, exists: bool = True) -> Iterator[Path]:
    for sub_folder in (*_SDK_FOLDERS, *_SDK_NESTED):
        for name in _SDK_FILES:
            path = folder / sub_folder / name
            if not exists or os.path.isfile(path):
                yield path


def _read_keys(path: Path) -> SdkConfig | None:
    try:
        return _keys_of(path, read_json(path, _WHAT, _LIMIT_BYTES))
    except (NotFound, UsageError):  # not readable, or somebody else's file of that name
        return None


def _keys_of(path: Path, content: Any) -> SdkConfig | None:
    """What a file says; None for one that is not the SDK's."""
    if not isinstance(content, dict):
        return None
    scope = str(content.get("Scope") or "").strip("/").split("/")
    if len(scope) >= 8:
        parts = (scope[7], scope[1], scope[3])
    else:
        names = ("workspace_name", "subscription_id", "resource_group")
        parts = tuple(str(content.get(name) or "") for name in names)  # type: ignore[assignment]
    if not all(parts) or not _NAME.fullmatch(parts[0]):
        return None
    folder = content.get(FOLDER_KEY)
    return SdkConfig(path, *parts, _ours(folder, parts[0]))


def _ours(folder: object, name: str) -> Path | None:
    """That folder, if it is where a workspace of this name may be."""
    if not isinstance(folder, str):
        return None
    path = Path(folder)
    is_possible = path.is_absolute() and path.name == name and path.parent.name == ROOT
    return path if is_possible else None


def _explicit(path: Path) -> Path:
    path = given_path(os.path.expanduser(path)).absolute()
    if os.path.isfile(path / SETTINGS_FILE) or path.parent.name == ROOT:
        return path
    if path.name == ROOT:
        return path / DEFAULT_NAME
    if os.path.exists(path) and not path.is_dir():
        raise UsageError(
            f"{path} is a file, not a folder that can hold a workspace",
            hint=f"Name a folder; its history is in <folder>/{ROOT}.",
        )
    return path / ROOT / DEFAULT_NAME
