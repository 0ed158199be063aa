"""Walking through a source folder: all that is taken of it, and of the folders that it links to."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trackboard.errors import UsageError
from trackboard.format.amounts import count, size
from trackboard.launch.snapshot.ignore import IgnoreFiles, Rules, is_foreign, is_never_taken
from trackboard.launch.snapshot.size_warning import LARGE_BYTES, LARGE_FILES

_Folder = tuple[
    str, "Rules | None", tuple[str, ...]
]  # prefix, rules, real paths of it and of links


class Walk:
    """Everything that is taken: the path of its folder, with a slash at its end, and the entry.

    None instead of an entry: that folder is empty. A link to a folder outside is walked through as if it
    were that folder, as projects share code so; one to data is refused.

    Args:
        root: The source folder, resolved.
        ignore: Gathers the ignore files on the way.

    Attributes:
        followed: Links to folders outside by their path, and where they lead.
    """

    def __init__(self, root: str, ignore: IgnoreFiles) -> None:
        self._root = root
        self._ignore = ignore
        self.followed: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[tuple[str, os.DirEntry[str] | None]]:
        waiting: list[_Folder] = [("", None, (self._root,))]
        while waiting:
            prefix, above, within = waiting.pop()
            entries, rules = self._enter(prefix, above)
            if prefix and entries == []:
                yield prefix, None
            for entry in entries or ():
                is_folder = entry.is_dir(follow_symlinks=False)
                end = "" if is_folder else self._outside(entry)
                path = f"{prefix}{entry.name}"
                if rules and rules.skips(path, entry.name, is_folder=is_folder or bool(end)):
                    continue
                if is_folder:
                    waiting.append((f"{path}/", rules, within))
                elif not end:
                    yield prefix, entry
                elif self._is_followed(path, end, within):
                    waiting.append((f"{path}/", rules, (*within, end)))

    def _enter(
        self, prefix: str, above: Rules | None
    ) -> tuple[list[os.DirEntry[str]] | None, Rules | None]:
        """What is in a folder and may be taken, None where the folder may not; and its rules."""
        folder = os.path.join(self._root, prefix)
        try:
            with os.scandir(folder) as found:
                entries = list(found)
            names = {entry.name for entry in entries}
            if prefix and is_foreign(names):
                return None, above
            rules = self._ignore.enter(prefix, names, above)
        except OSError as exc:
            raise unreadable(exc.filename or folder, exc) from exc
        if not entries:
            return entries, rules
        return [entry for entry in entries if not is_never_taken(entry.name)] or None, rules

    def _outside(self, entry: os.DirEntry[str]) -> str:
        """The folder outside that a link leads to; empty for anything else."""
        if not entry.is_symlink():
            return ""
        end = os.path.realpath(entry.path)
        return end if os.path.isdir(end) and not _holds(self._root, end) else ""

    def _is_followed(self, path: str, end: str, within: tuple[str, ...]) -> bool:
        """Whether a link is walked through: not from within where it leads, where it would never end."""
        if any(_holds(end, folder) for folder in within[1:]):
            return False
        if _holds(end, self._root):
            raise self._refused(path, end, "which holds this one")
        files, size_bytes = _measure(end)
        if files > LARGE_FILES or size_bytes > LARGE_BYTES:
            how_much = f"which has more than {count(LARGE_FILES, 'file')} or {size(LARGE_BYTES)}"
            raise self._refused(path, end, f"{how_much}: is it data?")
        self.followed.append((path, end))
        return True

    def _refused(self, path: str, end: str, why: str) -> UsageError:
        return UsageError(
            f"{path!r} in {self._root} is a link to the folder {end!r} outside, {why}",
            hint=f"Add {path} to .amlignore, and pass the real path to the script as an argument.",
        )


def unreadable(location: str, exc: OSError) -> UsageError:
    """Something of a source folder cannot be read."""
    return UsageError(
        f"{location!r} cannot be read for the snapshot: {exc.strerror or exc}",
        hint="Make it readable, or leave it out with a line in .amlignore.",
    )


def _holds(folder: str, path: str) -> bool:
    """Whether a path is a folder or lies in it; both are resolved."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _measure(folder: str) -> tuple[int, int]:
    """Files and bytes of a folder, as far as it matters."""
    files = size_bytes = 0
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_never_taken(name)]
        for name in names:
            files += 1
            try:
                size_bytes += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue  # it goes away, or is said when it is taken
        if files > LARGE_FILES or size_bytes > LARGE_BYTES:
            break
    return files, size_bytes
