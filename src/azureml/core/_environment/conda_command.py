"""Environments of the command `conda`, where there is one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

from azureml._console import print_line
from azureml.core.conda_dependencies import CondaDependencies

_LONGEST_S = 300


def export_conda(name: str) -> Optional[CondaDependencies]:
    """What a conda environment of this machine holds; None, with the reason printed, if nobody knows."""
    conda = shutil.which("conda")
    if conda is None:
        print_line(
            f"The conda environment {name!r} cannot be read: there is no command conda on the path."
            " Where there is one: conda env export --no-builds > conda.yml, then"
            " Environment.from_conda_specification(name, 'conda.yml')."
        )
        return None
    command = [conda, "env", "export", "--no-builds", "--name", name]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print_line(f"{' '.join(command)}: {error}")
        return None
    if answer.returncode != 0:
        print_line(f"{' '.join(command)}: {answer.stderr.strip() or answer.stdout.strip()}")
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "conda.yml"
        file.write_text(answer.stdout, "utf-8")
        return CondaDependencies(str(file))
