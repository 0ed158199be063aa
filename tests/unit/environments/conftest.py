"""Packages without a network: tiny wheels in a folder, and a cache of environments that is empty."""

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from trackboard.environments import Prepared, plan_environment, prepare_environment
from trackboard.environments.cache.environment_cache import EnvironmentCache
from trackboard.model import EnvironmentRequest


class Index:
    """A folder of wheels that environments are built from, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(
        self, name: str, version: str = "1.0", *, tag: str = "py3-none-any", **more: str
    ) -> Path:
        """A wheel with one module of that name."""
        stem = f"{name}-{version}"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in more.items())
        path = self.folder / f"{stem}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", f"version = {version!r}\n")
            wheel.writestr(f"{stem}.dist-info/METADATA", metadata)
            wheel.writestr(
                f"{stem}.dist-info/WHEEL",
                f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n",
            )
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
        return path

    @property
    def variables(self) -> Mapping[str, str]:
        """Of a job that installs from here only."""
        return {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder)}


class Preparing:
    """Prepares environments, and keeps what was said."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.said: list[str] = []
        self.logged: list[str] = []
        self.is_canceled: Callable[[], bool] = lambda: False
        self.variables = {**index.variables}

    def __call__(self, *packages: str, **more: object) -> Prepared | None:
        request = EnvironmentRequest(pip_packages=packages, **more)  # type: ignore[arg-type]
        prepared = prepare_environment(
            plan_environment(request),
            self.variables,
            report=self.said.append,
            is_canceled=lambda: self.is_canceled(),
            build_log=self.logged.append,
        )
        if prepared is not None:
            prepared.release()
        return prepared

    def done(self, *packages: str, **more: object) -> Prepared:
        prepared = self(*packages, **more)
        assert prepared is not None
        return prepared


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index(tmp_path / "wheels")
    index.add("alpha")
    return index


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where uv keeps what it knows, of this machine's interpreters above all: asking them takes seconds."""
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def cache(tmp_path: Path, downloads: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentCache:
    folder = tmp_path / "cache"
    monkeypatch.setenv("TRACKBOARD_CACHE", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(downloads))
    return EnvironmentCache(folder)


@pytest.fixture
def preparing(index: Index, cache: EnvironmentCache) -> Preparing:  # noqa: ARG001
    return Preparing(index)
