"""What is left out of a snapshot: the user's ignore file, and what is never part of one."""

from __future__ import annotations

from pathlib import Path

from pathspec import GitIgnoreSpec

from trackboard.errors import UsageError

IGNORE_FILES = (".amlignore", ".gitignore")  # the first that exists counts, as in the SDK
_NEVER = frozenset((".git", ".trackboard", "__pycache__", ".ipynb_checkpoints"))
_MARKS = ("pyvenv.cfg", "trackboard.db")  # found in virtual environments, and in workspaces of ours


class IgnoreRules:
    """The rules of one source folder."""

    def __init__(self, source: Path) -> None:
        self.file = next((name for name in IGNORE_FILES if (source / name).is_file()), "")
        lines: list[str] = []
        if self.file:
            text = (source / self.file).read_text(encoding="utf-8-sig", errors="surrogateescape")
            lines = text.splitlines()
        try:
            self._spec = GitIgnoreSpec.from_lines(lines)
        except ValueError as exc:
            raise UsageError(
                f"{source / self.file} holds a line that is not an ignore rule: {exc}",
                hint="Write it as in a .gitignore file.",
            ) from exc

    def skips_folder(self, path: str, folder: Path) -> bool:
        """Whether a folder is left out, with all that is in it.

        Args:
            path: Posix path within the source folder.
            folder: The folder itself.
        """
        name = path.rpartition("/")[2]
        if name in _NEVER or any((folder / mark).exists() for mark in _MARKS):
            return True
        return bool(self._spec.match_file(f"{path}/"))

    def skips_file(self, path: str) -> bool:
        """Whether a file is left out by the user's rules."""
        name = path.rpartition("/")[2]
        return name in _NEVER or bool(self._spec.match_file(path))
