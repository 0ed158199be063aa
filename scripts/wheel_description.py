"""The description of a wheel: the README without what leads nowhere outside of the repository.

hatchling asks for it (`[tool.hatch.metadata.hooks.custom]` in pyproject.toml). Links to files of the
repository become their words, and its pictures go: a package index shows neither. Where `repository` of
`[project.urls]` names where the files can be read, they are links to there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"^!\[[^\]]*\]\((?!https?:)[^)]*\)\n\n?", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)([^)]*)\)")


def describe(readme: str, address: str = "") -> str:
    """The text for a package index.

    Args:
        readme: The README, with links relative to the repository.
        address: What stands before a file's path where the repository is shown, as in
            `https://host/owner/trackboard/blob/main/`; empty: links become their words.
    """
    text = _PICTURE.sub("", readme)
    return _LINK.sub(rf"[\1]({address}\2)" if address else r"\1", text)


class DescriptionHook(MetadataHookInterface):
    """Gives hatchling the description as the project's `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `readme`.

        Args:
            metadata: The table `[project]`, changed in place.
        """
        readme = Path(self.root, "README.md").read_text("utf-8")
        address = metadata.get("urls", {}).get("repository", "")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": describe(readme, f"{address.rstrip('/')}/blob/main/" if address else ""),
        }
