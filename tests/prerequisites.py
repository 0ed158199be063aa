"""What some tests need and not every machine has: how each part is found, and what to type for it.

A test names what it needs by `@pytest.mark.requires("git")`, a fixture by `require("chromium")`, which
also tells where it is. Where it is missing the test is skipped with the reason, and the run's last line
says what to install for all of them together. In CI (`CI=true`) every skip is a failure.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"

_CHECKOUT = Path(__file__).parents[1]
_ARTICLES = Path(
    os.environ.get("TRACKBOARD_ARTICLES") or _CHECKOUT.parent / "shared" / "seeds"
)  # now: no test sees this variable
_PYENV = Path(os.path.expanduser("~/.pyenv/versions"))  # a user may have no home
_SYSTEM_BIN = Path("/usr/bin")
_FRAMEWORKS = ("torch", "keras", "lightning", "tensorboardX", "transformers")


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A part that may be missing.

    Args:
        find: Returns where the part is, or None where it is missing.
        package: Debian's package that brings the part.
        advice: What to do where no package brings it.
    """

    find: Callable[[], str | None]
    package: str = ""
    advice: str = ""


def _program(*names: str, asked: str = "--version") -> Callable[[], str | None]:
    """Finds a program that can be started: there are stand-ins that only say what to install."""

    def find() -> str | None:
        for path in filter(None, map(shutil.which, names)):
            if subprocess.run([path, asked], capture_output=True, check=False).returncode == 0:
                return path
        return None

    return find


def _modules(*names: str) -> Callable[[], str | None]:
    """Finds packages in the environment of the tests."""

    def find() -> str | None:
        return names[0] if all(map(importlib.util.find_spec, names)) else None

    return find


def _programs_beside(folder: Path, *names: str) -> Callable[[], str | None]:
    def find() -> str | None:
        paths = [folder / name for name in names]
        return str(paths[0]) if all(os.access(path, os.X_OK) for path in paths) else None

    return find


def _python(version: str) -> Callable[[], str | None]:
    """Finds an interpreter of that version, on the path or among pyenv's."""

    def find() -> str | None:
        pyenv = sorted(_PYENV.glob(f"{version}.*/bin/python"))
        for path in filter(None, (shutil.which(f"python{version}"), *map(str, pyenv))):
            command = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            asked = subprocess.run(command, capture_output=True, text=True, check=False)
            if asked.stdout.strip() == version:
                return path
        return None

    return find


def _page_checker(path: str) -> Callable[[], str | None]:
    """Finds a file of what `scripts/page-checkers` installs."""

    def find() -> str | None:
        found = _CHECKOUT / ".venv-pages" / "node_modules" / path
        return str(found) if found.exists() else None

    return find


def _commit(name: str) -> Callable[[], str | None]:
    """Finds a past commit of the checkout; a shallow clone and an archive have none."""

    def find() -> str | None:
        command = ["git", "-C", str(_CHECKOUT), "cat-file", "-e", f"{name}^{{commit}}"]
        if shutil.which("git") is None:
            return None
        return name if subprocess.run(command, capture_output=True).returncode == 0 else None

    return find


def _find_articles() -> str | None:
    return str(_ARTICLES) if any(_ARTICLES.glob("*.txt")) else None


def _find_data_server() -> str | None:
    import tensorboard_data_server

    binary: str | None = tensorboard_data_server.server_binary()
    return binary


def _find_ray() -> str | None:
    """Ray preloads a library of its own by its path, in which a space is the end."""
    return None if " " in sys.prefix else _modules("ray")()


def _find_postgresql() -> str | None:
    """The folder of a server's programs, the newest version's; Debian keeps them off the path."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return None  # a user without a name cannot start one
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    folders = sorted(found, key=lambda folder: float(folder.parent.name))
    return str(folders[-1]) if folders else on_path and str(Path(on_path).parent)


def _find_right_to_mount() -> str | None:
    """Mounts are allowed to root, though not within every container."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        if os.geteuid() != 0 or shutil.which("mount") is None:
            return None
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return None
        subprocess.run(["umount", "--lazy", folder], capture_output=True, check=True)
    return shutil.which("mount")


PREREQUISITES = {
    "articles": Prerequisite(_find_articles, advice="TRACKBOARD_ARTICLES=/folder/of/the/articles"),
    "axe-core": Prerequisite(
        _page_checker("axe-core/axe.min.js"), advice="scripts/page-checkers axe-core"
    ),
    "azureml-sdk": Prerequisite(
        lambda: None, advice="a network, for pip download azureml-core azureml-tensorboard"
    ),
    "cc": Prerequisite(_program("cc"), "gcc libc6-dev"),
    "commit-83dc1e5": Prerequisite(_commit("83dc1e5"), advice="git fetch --unshallow in a clone"),
    "chromedriver": Prerequisite(_program("chromedriver"), "chromium-driver"),
    "chromium": Prerequisite(_program("chromium", "chromium-browser"), "chromium"),
    "data-server": Prerequisite(
        _find_data_server, advice="a machine for which tensorboard-data-server has a binary"
    ),
    "frameworks": Prerequisite(_modules(*_FRAMEWORKS), advice="make test-frameworks (1.2 GB)"),
    "stable-baselines3": Prerequisite(
        _modules("stable_baselines3"), advice="make test-frameworks (1.2 GB)"
    ),
    "git": Prerequisite(_program("git"), "git"),
    "lighthouse": Prerequisite(
        _page_checker("lighthouse/cli/index.js"), advice="scripts/page-checkers lighthouse"
    ),
    "linux": Prerequisite(
        lambda: sys.platform if sys.platform == "linux" else None, advice="a machine with Linux"
    ),
    "mpirun": Prerequisite(
        _programs_beside(Path(sys.executable).parent, "python", "mpirun"),
        advice="scripts/setup test on Linux",
    ),
    "no-tensorflow": Prerequisite(
        lambda: None if importlib.util.find_spec("tensorflow") else sys.prefix,
        advice="an environment without TensorFlow",
    ),
    "npm": Prerequisite(_program("npm"), "npm"),  # for scripts/page-checkers
    "openssl": Prerequisite(_program("openssl", asked="version"), "openssl"),
    "other-users": Prerequisite(
        lambda: sys.executable if os.geteuid() == 0 else None,
        advice="make test as root (for processes of other users)",
    ),
    "postgresql": Prerequisite(_find_postgresql, "postgresql"),
    "python3.9": Prerequisite(_python("3.9"), advice="pyenv install 3.9"),
    "python3.10": Prerequisite(_python("3.10"), advice="pyenv install 3.10"),
    "ray": Prerequisite(_find_ray, advice="scripts/setup test, in a path without spaces"),
    "root": Prerequisite(_find_right_to_mount, advice="make test as root (for mounts)"),
    "system-mpirun": Prerequisite(
        _programs_beside(_SYSTEM_BIN, "python3", "mpirun"), "openmpi-bin python3"
    ),
}


@functools.cache
def find(name: str) -> str | None:
    """Return where a prerequisite is, or None where it is missing."""
    return PREREQUISITES[name].find()


def require(name: str, *others: str) -> str:
    """Return where a prerequisite is; skip the test where it, or one of the others, is missing."""
    missing = [each for each in (name, *others) if find(each) is None]
    return skip_without(*missing) if missing else find(name) or ""


def skip_without(*names: str, because: str = "") -> NoReturn:
    """Skip the test, as it turned out that these prerequisites are missing."""
    more = f" ({because})" if because else ""
    pytest.skip(f"needs {', '.join(names)}: {advise(names)}{more}")


def advise(names: Iterable[str]) -> str:
    """Return what to type to have these prerequisites, in one line."""
    wanted = [PREREQUISITES[name] for name in sorted({*names})]
    packages = sorted({word for part in wanted for word in part.package.split()})
    said = list(dict.fromkeys(part.advice for part in wanted if part.advice))
    if packages:
        said.insert(0, " ".join(["apt-get install", *packages]))
    return "; ".join(said)


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest the marker."""
    said = "requires(*names): is skipped where one of these prerequisites is missing"
    config.addinivalue_line("markers", said)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names what is missing, before any fixture is made."""
    marks = item.iter_markers("requires")
    missing = [name for mark in marks for name in mark.args if find(name) is None]
    if missing:
        skip_without(*missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Refuse skips of tests in CI."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse skips of whole modules in CI."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI all that tests need is installed: a skip there hides something."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure in CI: {_reason_of(report)}"


def _reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    return str(said).removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Say last what to install, once: the processes of xdist have no terminal."""
    yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(session.config, "workerinput"):
        return
    lacking = [*_names_lacking(terminal.stats.get("skipped", []))]
    if lacking:
        tests = "test" if len(lacking) == 1 else f"{len(lacking)} tests"
        names = [name for each in lacking for name in each]
        terminal.write_line(f"To run the {tests} skipped for what is missing: {advise(names)}")


def _names_lacking(skipped: Iterable[pytest.TestReport]) -> Iterator[list[str]]:
    """The prerequisites that each skipped test lacked, as its reason names them."""
    for report in skipped:
        if match := re.match(r"needs ([\w, -]+): ", _reason_of(report)):
            yield match[1].split(", ")


if __name__ == "__main__":  # for a script: Debian's packages that bring what is missing
    lacking = [part.package for name, part in PREREQUISITES.items() if find(name) is None]
    sys.stdout.write("".join(f"{word}\n" for package in lacking for word in package.split()))
