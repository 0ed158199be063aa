"""Refuse to run half trackboard, half Azure ML SDK: importing this module is the check.

Both distributions answer to `azureml`. In one folder the later install overwrites the files of the
earlier one; in two folders of `sys.path` the package's search path joins them. Either way a program
would get a run from one side and a TensorBoard from the other, so every module of the facade
imports this one before anything else, and it raises when the SDK is installed anywhere we can see:

    who is installed                        `import azureml.core`     what only we have
    ours                                    ours                      ours
    the SDK, then ours, in one folder       the error below           the error below
    ours, then the SDK, in one folder       the SDK's                 the error below
    two folders, ours first                 the error below           the error below
    two folders, the SDK's first            the SDK's                 the error below
    the SDK was uninstalled after that      nobody's                  the error below

Standard library only and fit for Python 3.9: jobs import it in an environment of their own. The
check costs a listing of each folder on `sys.path` that holds an `azureml`.
"""

import os
import sys
from typing import List, NamedTuple, Sequence

# The distributions that own modules of the same names as the facade's.
_SDK = "core|tensorboard|telemetry|train|train_core|train_restclients_hyperdrive|widgets"
_METADATA = rf"(azureml_(?:{_SDK}))-([^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info"


class Rival(NamedTuple):
    """An installed distribution of the SDK."""

    name: str
    version: str
    folder: str


def find_rivals(path: Sequence[str]) -> List[Rival]:
    """List the SDK's distributions installed in the folders of `path`, by folder and name."""
    rivals = set()
    for entry in path:
        folder = os.path.abspath(entry)
        if not os.path.isdir(os.path.join(folder, "azureml")):
            continue
        for name in os.listdir(folder):
            if not name.startswith("azureml_"):
                continue
            import re  # compiling the pattern costs as much as all the rest, and hardly ever is there a name

            match = re.fullmatch(_METADATA, name)
            if match:
                rivals.add(Rival(match[1].replace("_", "-"), match[2], folder))
    return sorted(rivals, key=lambda rival: (rival.folder, rival.name))


def describe(rivals: Sequence[Rival], *, home: str) -> str:
    """Say which of the SDK's distributions stand in the way and what to type.

    Args:
        rivals: At least one.
        home: The folder that holds our `azureml`.
    """
    ours = [rival for rival in rivals if _pip_may_remove(rival.folder)]
    foreign = sorted({rival.folder for rival in rivals} - {rival.folder for rival in ours})
    lines = [
        "trackboard and the Azure ML SDK both answer to the name azureml: never half and half.",
        *(f"Installed too: {rival.name} {rival.version} in {rival.folder}" for rival in rivals),
        "To use trackboard, type this and start Python (the kernel) again:",
        *(f"  take {folder} off the path (PYTHONPATH, system site packages)" for folder in foreign),
    ]
    if ours:
        lines.append(_pip("uninstall -y", *sorted({rival.name for rival in ours})))
    if any(rival.folder == home for rival in rivals):
        lines.append(_pip("install --force-reinstall --no-deps", _requirement()))
    lines += ["To use the SDK instead:", _pip("uninstall -y", "trackboard")]
    if any(rival.folder == home for rival in rivals):
        wanted = (f"{rival.name}=={rival.version}" for rival in ours)
        lines.append(_pip("install --force-reinstall --no-deps", *wanted))
    return "\n".join(lines)


def _describe_stranger(file: object, home: str) -> str:
    """Say that `azureml` is neither ours nor, by its metadata, the SDK's, and what to type."""
    start = os.path.join(home, "azureml", "__init__.py")
    if file and os.path.abspath(str(file)) != start:
        return (
            f"another package named azureml hides trackboard's: {file}\n"
            f"Rename it, or take its folder off the path; trackboard's is {start}."
        )
    return (
        f"files of trackboard's package azureml in {home} were overwritten or removed, as happens"
        " when the Azure ML SDK was installed over it. Type this and start Python again:\n"
        + _pip("install --force-reinstall --no-deps", _requirement())
    )


def _pip(command: str, *requirements: str) -> str:
    import shlex  # as in `_requirement`

    words = " ".join(shlex.quote(word) for word in requirements)
    return f"  {shlex.quote(sys.executable)} -m pip {command} {words}"


def _pip_may_remove(folder: str) -> bool:
    """Pip leaves alone what is outside of its own environment."""
    import site  # as in `_requirement`

    return folder.startswith(sys.prefix + os.sep) or folder == site.getusersitepackages()


def _requirement() -> str:
    """What pip installs trackboard from: the folder or file it came from, else its name."""
    # Imported here: only somebody who is about to read an error pays for them.
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        source = distribution("trackboard").read_text("direct_url.json")
    except PackageNotFoundError:
        return "trackboard"
    return str(json.loads(source)["url"]) if source else "trackboard"


def _refuse_a_mix() -> None:
    """Raise ImportError unless the whole of `azureml` is ours."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    rivals = find_rivals(sys.path)
    if rivals:
        raise ImportError(describe(rivals, home=home), name="azureml")
    package = sys.modules.get("azureml")
    if not getattr(package, "__trackboard__", False):
        complaint = _describe_stranger(getattr(package, "__file__", None), home)
        raise ImportError(complaint, name="azureml")


_refuse_a_mix()
