"""What a model is made of: names, files of this machine, filters, and copies made earlier."""

from __future__ import annotations

import os
import re
import time
from typing import Dict, List, Mapping, Optional, Tuple

from azureml.exceptions import WebserviceException
from trackboard.model import RunId
from trackboard.ports import Model as StoredModel

CACHE = "azureml-models"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


def check_name(name: object) -> None:
    """Accept a model's name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise WebserviceException(
            f"The model name {name!r} is not allowed: use 1 to 255 of A-Z a-z 0-9 . _ -,"
            " starting with a letter or a digit."
        )


def draft(
    name: str,
    run: Optional[RunId],
    files: Mapping[str, str],
    tags: Optional[Mapping[str, object]],
    properties: Optional[Mapping[str, object]],
    description: Optional[str],
) -> StoredModel:
    """A version to be added."""
    return StoredModel(
        name=name,
        version=0,
        run=run,
        files=files,
        tags=texts(tags),
        properties=texts(properties),
        description=description or "",
        framework="",
        framework_version="",
        created_s=time.time(),
    )


def texts(words: Optional[Mapping[str, object]]) -> Dict[str, str]:
    """Tags or properties as text."""
    given = {} if words is None else words
    if not isinstance(given, Mapping):
        raise WebserviceException(f"{given!r} are no tags or properties: pass a dict of them.")
    return {str(key): str(value) for key, value in given.items()}


def locations(path: str, child_paths: Optional[List[str]]) -> List[Tuple[str, str]]:
    """The files to register: path within the model, and place."""
    top = os.path.basename(os.path.abspath(path))
    if os.path.isfile(path):
        return [(top, path)]
    if not os.path.isdir(path):
        raise WebserviceException(f"There is no file or folder {path!r} to register.")
    found = []
    for folder, _, names in sorted(os.walk(path)):
        for name in sorted(names):
            location = os.path.join(folder, name)
            inside = os.path.relpath(location, path).replace(os.sep, "/")
            wanted = child_paths is None or any(
                inside == one or inside.startswith(f"{os.path.normpath(one)}/")
                for one in child_paths
            )
            if wanted and os.path.isfile(location):
                found.append((f"{top}/{inside}", location))
    if not found:
        raise WebserviceException(f"There is no file to register in {path!r}.")
    return found


def holds(found: Mapping[str, str], wanted: Optional[object]) -> bool:
    """Whether tags or properties match."""
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in found
    if isinstance(wanted, Mapping):
        return all(found.get(str(key)) == str(value) for key, value in wanted.items())
    if not isinstance(wanted, (list, tuple)):
        raise WebserviceException(f"Filter {wanted!r}: pass a dict of values by key, or a list.")
    return all(
        one in found if isinstance(one, str) else found.get(str(one[0])) == str(one[1])
        for one in wanted
    )


def cached(name: str, version: Optional[int]) -> Optional[str]:
    """Where an earlier call or job put a model on this machine."""
    home = os.path.join(CACHE, name)
    if not os.path.isdir(home):
        return None
    versions = sorted(int(one) for one in os.listdir(home) if one.isdecimal())
    chosen = version if version is not None else versions[-1] if versions else None
    if chosen not in versions:
        return None
    folder = os.path.join(home, str(chosen))
    inside = os.listdir(folder)
    return os.path.join(folder, inside[0]) if len(inside) == 1 else folder
