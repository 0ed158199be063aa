"""Where packages come from: pip's settings, as a person or a company made them, in the words of uv.

uv does not read pip's configuration. Settings made for uv itself (`UV_...`) come first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from trackboard.environments.home import home_folder
from trackboard.errors import NotFound, UsageError
from trackboard.layout.reading import read_bytes

_LIMIT_BYTES = 1 << 20

# pip's name -> uv's variable. Those that are set already, under any of the names behind it, stay.
_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_EXTRA_INDEX_URL", "UV_INDEX"),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "cert": ("SSL_CERT_FILE",),
}
_BY_COMMAS = frozenset(("find-links",))
_PIP_VARIABLES = {"timeout": "PIP_DEFAULT_TIMEOUT"}
# pip takes the best version of all indexes; uv by itself asks the first that has the package.
_STRATEGY, _AS_PIP = "UV_INDEX_STRATEGY", "unsafe-best-match"


def read_pip_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables for uv that mean what pip's settings mean.

    Args:
        variables: Of the job: `PIP_...` and `UV_...` count, and where pip's files are.
    """
    settings = _from_files(variables)
    for name in (*_NAMES, "no-index"):
        variable = _PIP_VARIABLES.get(name, "PIP_" + name.replace("-", "_").upper())
        if variables.get(variable):
            settings[name] = variables[variable]
    found = {_STRATEGY: variables.get(_STRATEGY, _AS_PIP)}
    for name, uv_names in _NAMES.items():
        if name in settings and not any(variables.get(each) for each in uv_names):
            between = "," if name in _BY_COMMAS else " "
            found[uv_names[0]] = between.join(settings[name].split())
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        found["PIP_NO_INDEX"] = "1"
    return found


def _from_files(variables: Mapping[str, str]) -> dict[str, str]:
    """The settings of pip's configuration files, the most particular last."""
    files = [
        file for file in _files(variables) if os.path.isfile(file)
    ]  # somebody else's home is none
    if not files:
        return {}
    from configparser import Error, RawConfigParser

    settings: dict[str, str] = {}
    for file in files:
        parser = RawConfigParser()
        try:
            data = read_bytes(file, "configuration of pip", _LIMIT_BYTES)
            parser.read_string(data.decode("utf-8", "replace"))
        except (Error, NotFound, UsageError):
            continue  # pip itself says what is wrong with it, to whoever uses pip
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update({key.replace("_", "-"): v for key, v in parser.items(section)})
    return settings


def _files(variables: Mapping[str, str]) -> Iterator[Path]:
    own = variables.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return
    home = home_folder(variables)
    yield Path("/etc/pip.conf")
    for folder in variables.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")
    if home is not None:
        if sys.platform == "darwin":
            yield home / "Library" / "Application Support" / "pip" / "pip.conf"
        yield home / ".pip" / "pip.conf"
        yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if own:
        yield Path(own)
