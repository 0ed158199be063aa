"""Each function that reads a file of somebody else: what is no such file is named and never waited for."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from azureml.core import (
    Environment,
    Experiment,
    Model,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import AzureMLException
from trackboard.config import read_settings
from trackboard.environments import read_conda_file, read_requirements
from trackboard.errors import TrackboardError
from trackboard.launch.context.plan_file import load_plan
from trackboard.layout import JobPaths
from trackboard.targets.local import LocalTarget
from trackboard.targets.slot_assignment import read_slots
from trackboard.workspace import Workspace as NativeWorkspace

Make = Callable[[Path], object]
Read = Callable[[Experiment, Path], object]


def _written(data: bytes) -> Make:
    return lambda place: place.write_bytes(data)


def _linked(target: str) -> Make:
    return lambda place: place.symlink_to(target)


def _sparse(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(3 << 30)


NO_FILES: Final[dict[str, Make]] = {
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "device": _linked("/dev/zero"),
    "nothing": _linked("gone"),
    "circle": lambda place: place.symlink_to(place),
}
NO_TEXTS: Final[dict[str, Make]] = {
    **NO_FILES,
    "sparse": _sparse,
    "memory": _linked("/proc/self/mem"),
    "binary": _written(bytes(range(256))),
    "latin-1": _written("# ä\n".encode("latin-1")),
    "half of utf-16": _written("numpy\n".encode("utf-16")[:-1]),
    "NUL": _written(b"numpy\0\n"),
}
NO_DATA: Final[dict[str, Make]] = {
    **NO_TEXTS,
    "deep": _written(b"[" * 2_000),
    "deep and closed": _written(b"[" * 150 + b"]" * 150),
    "not closed": _written(b"{ ["),
    "digits": _written(b"a = " + b"9" * 5_000),
}


def _beside(name: str, text: str, read: Callable[[Path], object]) -> Read:
    """Reads a file that names the file in question."""

    def read_other(_exp: Experiment, place: Path) -> object:
        other = place.with_name(name)
        other.write_text(text.format(place.name))
        return read(other)

    return read_other


def _environment_folder(name: str) -> tuple[str, dict[str, Make], Read]:
    def read(_exp: Experiment, place: Path) -> object:
        kept = place.with_name("kept")
        os.rename(place, kept)
        Environment("e").save_to_directory(str(place.parent), overwrite=True)
        place.unlink(missing_ok=True)
        os.rename(kept, place)
        return Environment.load_from_directory(str(place.parent))

    kinds = NO_TEXTS if name == "BaseDockerfile" else NO_DATA
    if not name.endswith(".json"):  # the others need not be there
        kinds = {kind: make for kind, make in kinds.items() if kind not in ("nothing", "circle")}
    return name, kinds, read


def _conda(place: Path) -> object:
    return CondaDependencies(str(place))


def _run_config(place: Path) -> object:
    return RunConfiguration.load(str(place.parent), "train")


# What the file is called, what is none, and what reads it.
DOORS: Final[dict[str, tuple[str, dict[str, Make], Read]]] = {
    "settings": ("trackboard.toml", NO_DATA, lambda _exp, place: read_settings(place.parent)),
    "Workspace.from_config": (
        "it.json",
        NO_DATA,
        lambda _exp, place: Workspace.from_config(str(place)),
    ),
    "CondaDependencies": ("it.yml", NO_DATA, lambda _exp, place: _conda(place)),
    "from_conda_specification": (
        "it.yml",
        NO_DATA,
        lambda _exp, place: Environment.from_conda_specification("e", str(place)),
    ),
    "from_pip_requirements": (
        "it.txt",
        NO_TEXTS,
        lambda _exp, place: Environment.from_pip_requirements("e", str(place)),
    ),
    "from_dockerfile": (
        "Dockerfile",
        NO_TEXTS,
        lambda _exp, place: Environment.from_dockerfile("e", str(place)),
    ),
    "conda file": ("it.yml", NO_DATA, lambda _exp, place: read_conda_file(place)),
    "requirements": ("it.txt", NO_TEXTS, lambda _exp, place: read_requirements(place)),
    "requirements -r": ("it.txt", NO_TEXTS, _beside("r.txt", "-r {}", read_requirements)),
    "requirements -c": ("it.txt", NO_TEXTS, _beside("r.txt", "-c {}", read_requirements)),
    "-r in a conda file": (
        "it.txt",
        NO_TEXTS,
        _beside("c.yml", "dependencies: [pip: [-r {}]]", _conda),
    ),
    "run configuration": (
        ".azureml/train.runconfig",
        NO_DATA,
        lambda _exp, place: RunConfiguration.load(str(place.parents[1]), "train"),
    ),
    "environment of a run configuration": (
        ".azureml/it.yml",
        NO_DATA,
        _beside(
            "train.runconfig",
            "environment: {}",
            lambda other: RunConfiguration.load(str(other.parents[1]), "train"),
        ),
    ),
    "conda file of a run configuration": (
        ".azureml/it.yml",
        NO_DATA,
        _beside(
            "train.runconfig",
            "environment: {{python: {{condaDependenciesFile: {}}}}}",
            lambda other: RunConfiguration.load(str(other.parents[1]), "train"),
        ),
    ),
    "load_from_directory": _environment_folder("azureml_environment.json"),
    "load_from_directory, conda": _environment_folder("conda_dependencies.yml"),
    "load_from_directory, Dockerfile": _environment_folder("BaseDockerfile"),
    "plan": ("plan.json", NO_DATA, lambda _exp, place: load_plan(JobPaths(place.parent))),
    "slots": ("slots.json", NO_DATA, lambda _exp, place: _some(read_slots(JobPaths(place.parent)))),
    "handle": (
        "jobs/r/handle",
        NO_TEXTS,
        lambda _exp, place: _some(LocalTarget(place.parents[2]).find("r")),  # type: ignore[arg-type]
    ),
    "upload_file": (
        "it.bin",
        NO_FILES,
        lambda exp, place: exp.start_logging(outputs=None).upload_file("it", str(place)),
    ),
    "log_image": (
        "it.png",
        NO_DATA,
        lambda exp, place: exp.start_logging(outputs=None).log_image("it", path=str(place)),
    ),
    "Model.register": (
        "it.bin",
        {kind: make for kind, make in NO_FILES.items() if kind != "folder"},
        lambda exp, place: Model.register(exp.workspace, str(place), "it"),
    ),
}


def _some(found: Any) -> object:
    """Nothing is an answer, too, where there need not be a file."""
    if not found:
        raise TrackboardError("there is no it.bin, plan.json, slots.json, jobs/r/handle")
    return found


@pytest.mark.requires("linux")  # for /proc
@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_such_file_is_named(exp: Experiment, empty_folder: Path, door: str) -> None:
    name, kinds, read = DOORS[door]
    for number, (kind, make) in enumerate(kinds.items()):
        place = empty_folder / "files" / str(number) / name
        place.parent.mkdir(parents=True)
        make(place)
        with pytest.raises((TrackboardError, AzureMLException)) as caught:
            read(exp, place)
        said = str(caught.value)
        assert place.name in said or place.stem in said, (kind, said)
        assert len(said) < 3_000, kind


def test_a_configuration_of_somebody_else_is_passed_over(empty_folder: Path) -> None:
    """Nobody named it: it only lies there."""
    for kind, make in NO_DATA.items():
        folder = empty_folder / kind
        folder.mkdir()
        make(folder / "config.json")
        os.chdir(folder)
        ws = Workspace.from_config()
        assert ws.name == "default"
        ws._service.close()


Call = Callable[[Experiment, str], object]
NO_PATHS: Final = ("a\0b", "\ud800", "x" * 300, "/".join(["y" * 200] * 30))
PATH_DOORS: Final[dict[str, Call]] = {
    "Workspace.from_config": lambda _exp, path: Workspace.from_config(path),
    "Workspace.from_config, name": lambda _exp, path: Workspace.from_config(".", _file_name=path),
    "write_config": lambda exp, path: exp.workspace.write_config(path),
    "write_config, name": lambda exp, path: exp.workspace.write_config(".", path),
    "trackboard.Workspace.open": lambda _exp, path: NativeWorkspace.open(path),
    "CondaDependencies": lambda _exp, path: CondaDependencies(path),
    "CondaDependencies.save": lambda _exp, path: CondaDependencies().save(path),
    "save_to_file": lambda _exp, path: CondaDependencies().save_to_file(path),
    "save_to_directory": lambda _exp, path: Environment("e").save_to_directory(path),
    "load_from_directory": lambda _exp, path: Environment.load_from_directory(path),
    "from_dockerfile": lambda _exp, path: Environment.from_dockerfile("e", path),
    "from_pip_requirements": lambda _exp, path: Environment.from_pip_requirements("e", path),
    "RunConfiguration.save": lambda _exp, path: RunConfiguration().save(path, "name"),
    "RunConfiguration.save, name": lambda _exp, path: RunConfiguration().save(".", path),
    "RunConfiguration.load": lambda _exp, path: RunConfiguration.load(path),
    "RunConfiguration.load, name": lambda _exp, path: RunConfiguration.load(".", path),
    "RunConfiguration.delete": lambda _exp, path: RunConfiguration.delete(path, "name"),
    "source_directory": lambda exp, path: exp.submit(ScriptRunConfig(path, "train.py")),
    "script": lambda exp, path: exp.submit(ScriptRunConfig(".", path)),
    "snapshot_directory": lambda exp, path: exp.start_logging(snapshot_directory=path),
    "upload_file": lambda exp, path: _run(exp).upload_file("a", path),
    "upload_folder": lambda exp, path: _run(exp).upload_folder("a", path),
    "download_file": lambda exp, path: _run(exp).download_file("it", path),
    "download_files": lambda exp, path: _run(exp).download_files(output_directory=path),
    "get_all_logs": lambda exp, path: _run(exp).get_all_logs(path),
    "log_image": lambda exp, path: _run(exp).log_image("it", path=path),
    "Model.register": lambda exp, path: Model.register(exp.workspace, path, "it"),
}


def _run(exp: Experiment) -> Run:
    run = exp.start_logging(outputs=None)
    run.upload_file("it", io.BytesIO(b"x"))
    return run


@pytest.mark.parametrize("door", PATH_DOORS)
def test_a_path_that_no_file_can_have_is_named(exp: Experiment, door: str) -> None:
    for path in NO_PATHS:
        with pytest.raises((TrackboardError, AzureMLException)) as caught:
            PATH_DOORS[door](exp, path)
        said = str(caught.value)
        assert repr(path)[1:50].rstrip("'") in said, (path[:10], said)
