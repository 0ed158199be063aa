"""`python` means the job's interpreter."""

import os
import subprocess
import sys
from pathlib import Path

from trackboard.launch.processes.interpreter import with_interpreter
from trackboard.layout import JobPaths


def _which(variables: dict[str, str], name: str) -> str:
    code = "import sys; print(sys.executable, sys.prefix)"
    command = ["/bin/sh", "-c", f'{name} -c "{code}"']
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_found_already(tmp_path: Path) -> None:
    path = os.path.dirname(sys.executable) + ":/usr/bin:/bin"
    given = {"PATH": path, "COLOUR": "blue"}
    assert with_interpreter(sys.executable, given, JobPaths(tmp_path)) == given
    assert not (tmp_path / "bin").exists()


def test_under_another_name(tmp_path: Path) -> None:
    other = tmp_path / "my pythons"
    (other / "bin").mkdir(parents=True)
    interpreter = other / "bin" / "interpreter"
    interpreter.symlink_to(sys.executable)
    (other / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
    found = with_interpreter(str(interpreter), {"PATH": "/usr/bin:/bin"}, JobPaths(tmp_path))
    for name in ("python", "python3"):
        assert _which(found, name) == f"{interpreter} {other}"
