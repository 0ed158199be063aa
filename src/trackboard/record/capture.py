"""What is worth knowing about a run and nobody logs: the code's commit, the command, host, user, Python.

All of it happens in the caller's thread, once per run, and takes about as long as three calls of git
(10 to 20 ms; at most 2 s in a checkout where git is slow, then without what was too slow). A thread would
be over sooner for the caller, but training code forks at just that time (loaders of data), and a fork
beside a thread can deadlock the child: Python 3.12 warns of it. A process of its own would outlive
short programs, or be cut off with them.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Mapping, NamedTuple, Optional

from trackboard.record.command import command_line
from trackboard.record.git import GitState, has_git, read_git, without_credentials
from trackboard.record.identity import identify

if TYPE_CHECKING:
    from trackboard.record.live_run import LiveRun

DIFF_PATH = "system_logs/code.diff"  # within the run
PACKAGES_PATH = "system_logs/packages.txt"

_OVERRIDES = {  # the SDK's: who builds the code elsewhere knows better than the folder
    "azureml.git.repository_uri": "AZUREML_GIT_REPOSITORY_URI",
    "azureml.git.branch": "AZUREML_GIT_BRANCH",
    "azureml.git.commit": "AZUREML_GIT_COMMIT",
    "azureml.git.dirty": "AZUREML_GIT_DIRTY",
    "azureml.git.build_id": "AZUREML_GIT_BUILD_ID",
    "azureml.git.build_uri": "AZUREML_GIT_BUILD_URI",
}
_MLFLOW_NAMES = {
    "azureml.git.repository_uri": "mlflow.source.git.repoURL",
    "azureml.git.branch": "mlflow.source.git.branch",
    "azureml.git.commit": "mlflow.source.git.commit",
}


class Surroundings(NamedTuple):
    """What was found out: properties for the run, and texts to be kept as its files (empty: none)."""

    properties: Mapping[str, str]
    diff: str = ""
    packages: str = ""


def capture(
    live: LiveRun, *, folder: Optional[Path] = None, git: bool = True, packages: bool = False
) -> Surroundings:
    """Find out what is worth knowing and add it to a run. For its owner, once, where it begins.

    The properties are the SDK's where it has a name (`azureml.git.*`, `mlflow.source.git.*`), others
    `trackboard.*`. What differs from the commit becomes the file `system_logs/code.diff`.

    Args:
        live: The run.
        folder: Where the code is; None: the folder of the program, else the current one.
        git: Ask git.
        packages: Also list the installed packages (about a tenth of a second per hundred of them), as
            `system_logs/packages.txt`.

    Returns:
        What was added. Nothing is raised: what cannot be found out is left out.
    """
    found = capture_surroundings(folder, git=git, packages=packages)
    for key, value in found.properties.items():
        live.add_property(key, value)
    for path, text in ((DIFF_PATH, found.diff), (PACKAGES_PATH, found.packages)):
        if text:
            live.append_bytes(path, 0, text.encode("utf-8", "replace"))
    return found


def capture_surroundings(
    folder: Optional[Path] = None, *, git: bool = True, packages: bool = False
) -> Surroundings:
    """The same without a run; for whoever stores it in another way."""
    location = _code_folder() if folder is None else folder
    state = None if not git or location is None else read_git(location)
    properties = {**_of_process(), **_of_git(state)}
    return Surroundings(
        {key: value for key, value in properties.items() if value},
        diff=state.diff if state else "",
        packages=list_packages() if packages else "",
    )


def list_packages() -> str:
    """Installed packages as lines `name==version`, sorted."""
    from importlib import metadata  # loads much, and few ask for it

    found = set()
    with contextlib.suppress(OSError):
        for each in metadata.distributions():
            try:
                found.add(f"{each.metadata['Name']}=={each.version}")
            except (KeyError, OSError, TypeError, ValueError):
                continue  # a package half removed
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))


def _of_process() -> Dict[str, str]:
    """What this process knows of itself."""
    identity = identify()
    known = {
        "trackboard.command": command_line(),
        "trackboard.folder": _current_folder(),
        "trackboard.host": socket.gethostname(),
        "trackboard.user": _user(),
        "trackboard.pid": str(os.getpid()),
        "trackboard.python": platform.python_version(),
        "trackboard.python_path": sys.executable or "",
        "trackboard.system": " ".join(os.uname()[i] for i in (0, 2, 4)),
    }
    if identity.world_size > 1:
        known["trackboard.world_size"] = str(identity.world_size)
    for name, value in identity._asdict().items():
        if isinstance(value, str):  # an id
            known[f"trackboard.{name}"] = value
    return known


def _of_git(state: Optional[GitState]) -> Dict[str, str]:
    known: Dict[str, str] = {}
    if state is not None:
        known = {
            "azureml.git.repository_uri": state.remote,
            "azureml.git.branch": state.branch,
            "azureml.git.commit": state.commit,
            "azureml.git.dirty": "" if state.is_dirty is None else str(state.is_dirty),
        }
    for name, variable in _OVERRIDES.items():
        if os.environ.get(variable):
            known[name] = without_credentials(os.environ[variable])
    for name, other in _MLFLOW_NAMES.items():
        known[other] = known.get(name, "")
    return known


def _code_folder() -> Optional[Path]:
    """The folder of the program if it is in a checkout, else the current one."""
    program = getattr(sys.modules.get("__main__"), "__file__", None)
    if program and has_git(Path(program).parent):
        return Path(program).absolute().parent
    current = _current_folder()
    return Path(current) if current else None


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # a container that knows no name for its number
        return str(os.getuid())
