"""What tells a folder with a history from all others; standard library only, and little of that."""

from __future__ import annotations

import os

ROOT = ".trackboard"  # the folder that holds workspaces, each under its name
SETTINGS_FILE = "trackboard.toml"


def may_hold_workspace(folder: str | os.PathLike[str]) -> bool:
    """Tell whether somebody who names a folder may mean a history: in it, or the folder itself.

    Args:
        folder: The path; nothing need be there.
    """
    path = os.path.abspath(folder)
    above, name = os.path.split(path)
    return (
        os.path.isdir(os.path.join(path, ROOT))
        or os.path.isfile(os.path.join(path, SETTINGS_FILE))
        or ROOT in (name, os.path.basename(above))
    )
