"""Our plugin for TensorBoards that are started as other processes, whatever is installed here."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import trackboard

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def path_with_plugin(folder: Path) -> str:
    """A PYTHONPATH with the entry points that pyproject.toml names: an installation may be older.

    Args:
        folder: Where they are written.
    """
    points = tomllib.loads(_PROJECT.read_text())["project"]["entry-points"]
    installed = folder / f"trackboard-{trackboard.__version__}.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(f"Name: trackboard\nVersion: {trackboard.__version__}\n")
    with (installed / "entry_points.txt").open("w") as file:
        for group, names in points.items():
            file.write(f"[{group}]\n")
            file.writelines(f"{name} = {what}\n" for name, what in names.items())
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
