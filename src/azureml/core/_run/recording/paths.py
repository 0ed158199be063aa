"""Names of a run's files: posix paths that never lead out of it."""

from __future__ import annotations

import re

from azureml.exceptions._tree import UserErrorException

_LENGTH = 1024
_CONTROL = r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]"


def file_path(name: object) -> str:
    """Accept what a user calls a file of a run; `./a//b` is `a/b`.

    Raises:
        UserErrorException: It is empty, too long, leads out of the run, or holds control characters.
    """
    if not isinstance(name, str):
        raise UserErrorException(
            f"The file name {name!r} is {type(name).__name__}, not text such as 'outputs/model.pkl'."
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if not parts or name.endswith("/"):
        raise UserErrorException(
            f"{name!r} does not name a file; write for example 'outputs/model.pkl'."
        )
    if ".." in parts:
        raise UserErrorException(
            f"The file name {name!r} leads out of the run; write it without '..'."
        )
    if re.search(_CONTROL, path):
        raise UserErrorException(f"The file name {name!r} holds control characters.")
    if len(path) > _LENGTH:
        raise UserErrorException(
            f"The file name has {len(path):,} characters; use at most {_LENGTH:,}."
        )
    return path


def path_of_metric(name: str, suffix: str = "") -> str:
    """Make a path of a metric's name, which may be any text."""
    room = 200  # a file system takes 255 bytes, and characters have up to four
    given = re.sub(_CONTROL, "_", name).split("/")
    parts = [_cut(part, room) for part in given if part.strip(". ")]
    return ("/".join(parts) or "metric") + suffix


def _cut(text: str, size_bytes: int) -> str:
    return text.encode("utf-8")[:size_bytes].decode("utf-8", "ignore")
