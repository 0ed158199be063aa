"""Names of a run's files: posix paths that never lead out of it."""

from __future__ import annotations

import re

from trackboard.errors import UsageError

_LENGTH = 1024
_DIGEST_DIGITS = 12
_CONTROL = r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]"


def file_path(name: object) -> str:
    """Accept what a user calls a file of a run; `./a//b` is `a/b`.

    Raises:
        UsageError: It is no text, empty, too long, leads out of the run, or holds control characters.
    """
    if not isinstance(name, str):
        raise UsageError(
            f"the file name {name!r} is {type(name).__name__}, not text",
            hint="Write for example 'outputs/model.pkl'.",
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if not parts or name.endswith("/"):
        raise UsageError(
            f"{name!r} does not name a file", hint="Write for example 'outputs/model.pkl'."
        )
    if ".." in parts:
        raise UsageError(
            f"the file name {name!r} leads out of the run", hint="Write it without '..'."
        )
    if re.search(_CONTROL, path):
        raise UsageError(f"the file name {name!r} holds control characters", hint="Leave them out.")
    if len(path) > _LENGTH:
        raise UsageError(
            f"the file name has {len(path):,} characters", hint=f"Use at most {_LENGTH:,}."
        )
    return path


def path_of_value(name: str, suffix: str, key: str) -> str:
    """Make a path of a metric's name for one of its files, which the digest in its key tells from others."""
    return f"{path_of_metric(name).removesuffix(suffix)}_{key[-_DIGEST_DIGITS:]}{suffix}"


def path_of_metric(name: str) -> str:
    """Make a path of a metric's name, which may be any text."""
    room = 200  # a file system takes 255 bytes, and characters have up to four
    given = re.sub(_CONTROL, "_", name).split("/")
    parts = [_cut(part, room) for part in given if part.strip(". ")]
    return "/".join(parts) or "metric"


def _cut(text: str, size_bytes: int) -> str:
    return text.encode("utf-8")[:size_bytes].decode("utf-8", "ignore")
