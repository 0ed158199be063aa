"""`azureml.core.conda_dependencies`: packages of conda and pip, as a conda file lists them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import yaml

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core import VERSION
from azureml.core._settings.requirements import (
    conda_name,
    is_option,
    lines_of,
    option_name,
    pip_name,
)
from azureml.core._settings.requirements import pip_lines as pip_lines
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.environments import find_curated
from trackboard.environments.packages.conda import load_conda_file
from trackboard.environments.packages.requirements import read_lines
from trackboard.layout.safe_paths import given_path

__getattr__ = other_names(__name__)


class _Default(str):
    """What nobody wrote: a version of Python that any other will do for, a package of the SDK."""

    __slots__ = ()


PYTHON_DEFAULT_VERSION: str = _Default("3.10.18")
TENSORFLOW_DEFAULT_VERSION = "2.2.0"
CNTK_DEFAULT_VERSION = "2.7"
DEFAULT_SDK_ORIGIN = "https://pypi.org/simple"
CONDA_FILE_NAME = "auto_conda_dependencies.yml"

_FIRST_PYTHON = "3.8.13"  # of objects made without `create`
_SDK = "azureml-defaults"
_CHANNELS = ("anaconda", "conda-forge")
_KEYS = ("name", "channels", "dependencies", "prefix", "variables")
_SIGNS = "<>=!~"
_PYTHON = re.compile(r"(?:\S*::)?python(?![\w.-])\s*(.*)")
_VERSION = re.compile(r"(\d+)(\.(\d+|\*))*|([<>=!~]=?\s*\d[\d.*]*\s*(,\s*)?)+")


class CondaDependencies:
    """Packages of conda and pip, and the version of Python.

    Versions of Python that nobody chose, which the SDK's own defaults are, are shown and not insisted on.

    Args:
        conda_dependencies_file_path: A conda file; None: Python and `azureml-defaults`, which stands for
            trackboard's own recording.

    Raises:
        UserErrorException: The file cannot be read or is no conda file.
    """

    _channels: List[str]
    _conda: List[str]
    _pip: List[str]
    _more: Dict[str, Any]

    def __init__(
        self,
        conda_dependencies_file_path: Optional[str] = None,
        _underlying_structure: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self._is_any_python = False
        if conda_dependencies_file_path is not None:
            self._read(conda_dependencies_file_path)
        elif _underlying_structure is not None:
            self._take(_underlying_structure, "the definition")
        else:
            self._take({"channels": [*_CHANNELS], "dependencies": []}, "the defaults")
            self._pip = [_Default(_SDK)]
            self.set_python_version(_Default(_FIRST_PYTHON))

    @staticmethod
    def create(
        pip_indexurl: Optional[str] = None,
        pip_packages: Optional[Sequence[str]] = None,
        conda_packages: Optional[Sequence[str]] = None,
        python_version: Optional[str] = PYTHON_DEFAULT_VERSION,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Packages in one call.

        Args:
            pip_indexurl: An index of packages that is asked instead of PyPI; PyPI is asked as well.
            pip_packages: Requirements; None: `azureml-defaults`.
            conda_packages: Match specifications.
            python_version: The version that it must be; when it is not given, any will do.
            pin_sdk_version: Write the SDK's version behind its own packages. It changes nothing here.
        """
        made = CondaDependencies()
        made.set_python_version(python_version)
        if pip_indexurl:
            made.set_pip_option(f"--index-url {pip_indexurl}")
            made.set_pip_option(f"--extra-index-url {DEFAULT_SDK_ORIGIN}")
        pin = f"~={VERSION}" if pin_sdk_version else ""
        made.remove_pip_package(_SDK)
        if pip_packages is None:
            made._pip.append(_Default(_SDK + pin))
        for package in _texts("pip_packages", pip_packages or ()):
            is_bare = re.fullmatch(r"azureml-[\w-]+(\[.*\])?", package)
            made.add_pip_package(f"{package}{pin}" if is_bare else package)
        for package in _texts("conda_packages", conda_packages or ()):
            made.add_conda_package(package)
        return made

    # -- what is in it ----------------------------------------------------------------------------

    @property
    def conda_channels(self) -> Iterator[str]:
        """Channels of conda. Packages come from PyPI here."""
        return iter([*self._channels])

    @property
    def conda_packages(self) -> Iterator[str]:
        """Match specifications, that of Python among them."""
        return iter([*self._conda])

    @property
    def pip_packages(self) -> Iterator[str]:
        """Requirements, without options."""
        return iter([str(line) for line in self._pip if not is_option(line)])

    @property
    def pip_options(self) -> Iterator[str]:
        """Options of pip, such as `--extra-index-url https://...`."""
        return iter([line for line in self._pip if is_option(line)])

    @staticmethod
    def sdk_origin_url() -> str:
        """Return the index that packages come from."""
        return DEFAULT_SDK_ORIGIN

    @staticmethod
    def get_default_number_of_packages() -> int:
        """Return how many packages there are without naming one."""
        return len([*CondaDependencies().pip_packages])

    @staticmethod
    def merge_requirements(requirements: Sequence[str]) -> List[str]:
        """Return requirements of pip, the last one of each package."""
        return [*{pip_name(one) or one: one for one in requirements}.values()]

    def get_python_version(self) -> Optional[str]:
        """The version of Python as it is written, or None."""
        found = (_PYTHON.fullmatch(package) for package in self._conda)
        version = next((one[1].lstrip("= ") for one in found if one and one[1]), None)
        if version is None or version[0] in _SIGNS:
            return version
        return re.split(r"[=\s]", version, maxsplit=1)[0]  # without the build of a package

    # -- changing it ------------------------------------------------------------------------------

    def set_python_version(self, version: Optional[str]) -> None:
        """Say which Python it must be.

        Args:
            version: Such as `3.11` or `>=3.10`; None: any.

        Raises:
            UserErrorException: That is no version.
        """
        kept = [package for package in self._conda if not _PYTHON.fullmatch(package)]
        if version is not None:
            if not isinstance(version, str) or not _VERSION.fullmatch(version.strip()):
                raise UserErrorException(
                    f"{version!r} is no version of Python. Write it as text, for example '3.11'."
                )
            is_range = version.strip()[0] in _SIGNS
            kept.insert(0, f"python{'' if is_range else '='}{version.strip()}")
        self._conda = kept
        self._is_any_python = version is None or isinstance(version, _Default)

    def add_channel(self, channel: str) -> None:
        """Add a channel of conda. *Accepted*: packages come from PyPI."""
        if channel not in self._channels:
            self._channels.append(_text("a channel", channel))

    def remove_channel(self, channel: str) -> None:
        """Take a channel out."""
        self._channels = [one for one in self._channels if one != channel]

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package of conda; one of that name is replaced, and `python=3.11` sets the version.

        Raises:
            UserErrorException: It is an option, or no package.
        """
        package = _package("add_conda_package", conda_package)
        python = _PYTHON.fullmatch(package)
        if python:
            self.set_python_version(python[1].lstrip("= ") or None)
            if not python[1]:
                self._conda.insert(0, package)
            return
        self.remove_conda_package(package)
        self._conda.append(package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Take a package of conda out, whatever its version; nothing happens when it is not there."""
        name = conda_name(_package("remove_conda_package", conda_package))
        self._conda = [package for package in self._conda if conda_name(package) != name]

    def add_pip_package(self, pip_package: str) -> None:
        """Add a requirement; one of that name is replaced.

        Raises:
            UserErrorException: It is an option (`set_pip_option` takes those), or no requirement.
        """
        package = _package("add_pip_package", pip_package)
        self.remove_pip_package(package)
        self._pip.append(package)

    def remove_pip_package(self, pip_package: str) -> None:
        """Take a requirement out, whatever its version; nothing happens when it is not there."""
        name = pip_name(_package("remove_pip_package", pip_package))
        self._pip = [line for line in self._pip if is_option(line) or pip_name(line) != name]

    def set_pip_option(self, pip_option: str) -> None:
        """Set an option of pip; the same option with another value is replaced.

        Raises:
            UserErrorException: It does not begin with a dash.
        """
        self.remove_pip_option(pip_option)
        self._pip.append(pip_option.strip())

    def remove_pip_option(self, pip_option: str) -> None:
        """Take an option out, whatever its value; nothing happens when it is not there."""
        if not is_option(_text("an option of pip", pip_option)):
            raise UserErrorException(
                f"{pip_option!r} is no option of pip: it does not begin with a dash."
                f" add_pip_package({pip_option!r}) adds a package."
            )
        name = option_name(pip_option)
        self._pip = [
            line for line in self._pip if not (is_option(line) and option_name(line) == name)
        ]

    def set_pip_index_url(self, index_url: str) -> None:
        """Set the index of packages: its address, or the whole option of pip."""
        self.set_pip_option(index_url if is_option(index_url) else f"--index-url {index_url}")

    def set_pip_requirements(self, pip_requirements: Sequence[str]) -> None:
        """Replace all requirements and options of pip by these lines of a requirement file."""
        lines = _texts("pip_requirements", pip_requirements)
        with sdk_errors():
            self._pip = lines_of(read_lines(lines, Path.cwd()))

    def add_tensorflow_pip_package(
        self, core_type: str = "cpu", version: Optional[str] = None
    ) -> None:
        """Add TensorFlow as a requirement.

        Args:
            core_type: `cpu` or `gpu`.
            version: None: the SDK's default.
        """
        self._add_tensorflow(
            self.remove_pip_package, self.add_pip_package, core_type, "==", version
        )

    def add_tensorflow_conda_package(
        self, core_type: str = "cpu", version: Optional[str] = None
    ) -> None:
        """Add TensorFlow as a package of conda; the arguments are those of `add_tensorflow_pip_package`."""
        self._add_tensorflow(
            self.remove_conda_package, self.add_conda_package, core_type, "=", version
        )

    def add_cntk_package(self, core_type: str = "cpu") -> None:
        """Add CNTK, which ended with Python 3.6: building such an environment says that it is not there."""
        for name in ("cntk", "cntk-gpu"):
            self.remove_pip_package(name)
        self.add_pip_package(f"{_variant('cntk', core_type)}=={CNTK_DEFAULT_VERSION}")

    @staticmethod
    def _add_tensorflow(
        remove: Any, add: Any, core_type: str, sign: str, version: Optional[str]
    ) -> None:
        package = (
            f"{_variant('tensorflow', core_type)}{sign}{version or TENSORFLOW_DEFAULT_VERSION}"
        )
        for name in ("tensorflow", "tensorflow-gpu"):
            remove(name)
        add(package)

    # -- writing it down --------------------------------------------------------------------------

    def as_dict(self) -> Dict[str, Any]:
        """The same as `serialize_to_string`, as lists and dicts."""
        dependencies: List[Any] = [*self._conda]
        if self._pip:
            dependencies.append({"pip": [*map(str, self._pip)]})
        content = {**self._more, "channels": [*self._channels], "dependencies": dependencies}
        return {key: content[key] for key in _KEYS if key in content}

    def serialize_to_string(self) -> str:
        """The conda file, as text."""
        return yaml.safe_dump(self.as_dict(), sort_keys=False, allow_unicode=True, width=1000)

    def save(self, path: Optional[str] = None) -> str:
        """Write the conda file.

        Args:
            path: The file; None: `auto_conda_dependencies.yml` in the current folder.

        Returns:
            Where it is.

        Raises:
            UserErrorException: It cannot be written there.
        """
        location = os.fspath(path or CONDA_FILE_NAME)
        self._write(location)
        return location

    def save_to_file(self, base_directory: str, conda_file_path: Optional[str] = None) -> str:
        """Write the conda file below a folder, which is made; its path within that folder is returned."""
        name = conda_file_path or f".azureml/{CONDA_FILE_NAME}"
        self._write(os.path.join(base_directory, name), make_folder=True)
        return name

    def _write(self, location: str, *, make_folder: bool = False) -> None:
        with sdk_errors():
            given_path(location)
        if os.path.isdir(location):
            raise UserErrorException(
                f"{location!r} is a folder. Name a file, for example"
                f" {os.path.join(location, 'conda_dependencies.yml')!r}."
            )
        try:
            if make_folder:
                os.makedirs(os.path.dirname(location) or os.curdir, exist_ok=True)
            with open(location, "w", encoding="utf-8") as file:
                file.write(self.serialize_to_string())
        except OSError as error:
            raise UserErrorException(
                f"{location!r} cannot be written: {error.strerror or error}.", inner_exception=error
            ) from error

    def __repr__(self) -> str:
        return json.dumps(self.as_dict(), indent=4)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CondaDependencies) and other.as_dict() == self.as_dict()

    __hash__ = None  # type: ignore[assignment]  # it changes

    # -- for the facade's other parts -------------------------------------------------------------

    @property
    def _variables(self) -> Dict[str, str]:
        """Environment variables that a conda file sets."""
        return {str(key): str(value) for key, value in (self._more.get("variables") or {}).items()}

    @property
    def _written_python(self) -> str:
        """The version of Python that the user wrote, or an empty text."""
        return "" if self._is_any_python else (self.get_python_version() or "").removesuffix(".*")

    @property
    def _written_pip(self) -> Tuple[str, ...]:
        """Requirements; those that nobody wrote count where something else is asked for."""
        packages = [line for line in self._pip if not is_option(line)]
        is_default = all(type(line) is _Default for line in packages)
        return () if is_default and not self._written_conda else tuple(map(str, packages))

    @property
    def _written_conda(self) -> Tuple[str, ...]:
        """Packages of conda without Python and pip, which every environment has."""
        return tuple(one for one in self._conda if conda_name(one) not in ("python", "pip"))

    @property
    def _curated(self) -> str:
        """The curated environment that these packages are of, as the conda file calls itself."""
        name = str(self._more.get("name") or "")
        return name if find_curated(name) else ""

    def _read(self, path: str) -> None:
        location = os.path.abspath(path)
        with sdk_errors():
            content = load_conda_file(Path(location))
        self._take(content, f"the conda file {location!r}")
        with sdk_errors():
            self._pip = lines_of(read_lines(self._pip, Path(location).parent, location))

    def _take(self, content: Any, source: str) -> None:
        """Check what was read, and keep it."""
        if not isinstance(content, Mapping):
            raise UserErrorException(
                f"{_capital(source)} has no keys. A conda file begins with 'dependencies:'."
            )
        strange = [str(key) for key in content if key not in _KEYS]
        if strange:
            raise UserErrorException(
                f"{_capital(source)} has the key {strange[0]!r}, which conda files do not have."
                f" They have: {', '.join(_KEYS)}."
            )
        self._channels = _texts(f"'channels' of {source}", content.get("channels") or [])
        self._conda = []
        self._pip = []
        for entry in _sequence(f"'dependencies' of {source}", content.get("dependencies") or []):
            if isinstance(entry, Mapping) and [*entry] == ["pip"]:
                self._pip += _texts(f"'pip' of {source}", entry["pip"] or [])
            else:
                self._conda.append(_text(f"an entry of 'dependencies' of {source}", entry).strip())
        if not isinstance(content.get("variables") or {}, Mapping):
            raise UserErrorException(
                f"'variables' of {source}: {str(content['variables'])[:80]!r} are no names with values."
            )
        self._more = {
            key: content[key] for key in ("name", "prefix", "variables") if key in content
        }


def _package(call: str, given: object) -> str:
    package = _text(f"{call}(...)", given).strip()
    if is_option(package):
        raise UserErrorException(
            f"{call}({given!r}): that is an option of pip. set_pip_option({given!r}) sets it."
        )
    if not package:
        raise UserErrorException(f"{call}({given!r}): a package has a name, for example 'numpy'.")
    return package


def _variant(name: str, core_type: str) -> str:
    kind = str(core_type).lower()
    if kind not in ("cpu", "gpu"):
        raise UserErrorException(f"core_type={core_type!r} is not allowed; use 'cpu' or 'gpu'.")
    return name if kind == "cpu" else f"{name}-gpu"


def _text(what: str, given: object) -> str:
    if not isinstance(given, str):
        raise UserErrorException(
            f"{_capital(what)}: {given!r} is {type(given).__name__}, not text."
        )
    return given


def _sequence(what: str, given: object) -> Sequence[object]:
    if isinstance(given, str) or not isinstance(given, (list, tuple, set, frozenset)):
        raise UserErrorException(f"{_capital(what)}: {given!r} is no list.")
    return [*given]


def _texts(what: str, given: object) -> List[str]:
    return [_text(f"an entry of {what}", one) for one in _sequence(what, given)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
