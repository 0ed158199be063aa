"""What tells runs from each other: facts side by side, and the code line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from trackboard.errors import NotFound
from trackboard.launch.snapshot.manifest import FileEntry, load_manifest
from trackboard.model import SNAPSHOT_ID, RunId
from trackboard.record.capture import DIFF_PATH, PACKAGES_PATH
from trackboard.service.answers import ComparedFact, Comparison, FileChange, RunDetails
from trackboard.workspace import Workspace

_MOST_BYTES = 1 << 20  # of a file that is compared line by line
_CODE = {  # properties that say what ran, and where
    "git commit": "azureml.git.commit",
    "git branch": "azureml.git.branch",
    "uncommitted changes": "azureml.git.dirty",
    "snapshot": SNAPSHOT_ID,
    "command": "trackboard.command",
    "environment": "trackboard.environment",
    "compute": "trackboard.compute",
    "python": "trackboard.python",
    "host": "trackboard.host",
    "user": "trackboard.user",
}


def compare_runs(workspace: Workspace, runs: Sequence[RunDetails]) -> Comparison:
    """Put the facts of runs side by side."""
    tables: dict[str, list[Mapping[str, object]]] = {
        "parameter": [run.facts.parameters for run in runs],
        "metric": [
            {name: series.last_value for name, series in run.facts.metrics.items()} for run in runs
        ],
        "tag": [run.facts.tags for run in runs],
        "code": [_code_facts(run) for run in runs],
        "package": [_packages(workspace, run) for run in runs],
    }
    facts = [
        ComparedFact(kind, name, tuple(table.get(name) for table in columns))
        for kind, columns in tables.items()
        for name in dict.fromkeys(name for table in columns for name in table)
    ]
    return Comparison(tuple(run.facts for run in runs), tuple(facts))


def diff_runs(workspace: Workspace, old: RunDetails, new: RunDetails) -> tuple[FileChange, ...]:
    """Compare the code and the packages of two runs."""
    before, after = _contents(workspace, old), _contents(workspace, new)
    changes = (
        _change(path, before.get(path), after.get(path)) for path in sorted({*before, *after})
    )
    return tuple(change for change in changes if change is not None)


def _code_facts(run: RunDetails) -> Mapping[str, object]:
    job = {} if run.job is None else {"command": run.job.command}
    known = {name: run.properties.get(key) for name, key in _CODE.items()} | job
    return {name: value for name, value in known.items() if value is not None}


def _packages(workspace: Workspace, run: RunDetails) -> Mapping[str, object]:
    text = _read(workspace, run.facts.run.id, PACKAGES_PATH)
    pairs = (line.partition("==") for line in text.decode("utf-8", "replace").splitlines())
    return {name: version for name, equals, version in pairs if equals}


class _Content(NamedTuple):
    """What a file holds.

    Attributes:
        key: Equal for equal contents.
        data: The bytes; None where there are too many to compare them, or they are gone.
    """

    key: str
    data: bytes | None


def _contents(workspace: Workspace, run: RunDetails) -> Mapping[str, _Content]:
    """What a run's code consists of, by path: its snapshot, else its commit and what differs from that."""
    found: dict[str, _Content] = {}
    digest = run.properties.get(SNAPSHOT_ID)
    packages = _read(workspace, run.facts.run.id, PACKAGES_PATH)
    if digest is not None:
        for file in load_manifest(workspace.paths.snapshots, digest).files:
            found[file.path] = _Content(file.key, _load(workspace, file))
    elif commit := run.properties.get("azureml.git.commit"):
        found["(git commit)"] = _Content(commit, f"{commit}\n".encode())
        changes = _read(workspace, run.facts.run.id, DIFF_PATH)
        found["(uncommitted changes)"] = _Content(repr(changes), changes)
    if packages:
        found["(packages)"] = _Content(repr(packages), packages)
    elif environment := run.properties.get("trackboard.environment"):
        found["(environment)"] = _Content(environment, f"{environment}\n".encode())
    return found


def _load(workspace: Workspace, file: FileEntry) -> bytes | None:
    """The bytes of a file, if they can be compared line by line."""
    if file.size_bytes > _MOST_BYTES:
        return None
    try:
        with workspace.blobs.open(file.key) as opened:
            return opened.read()
    except NotFound:
        return None


def _read(workspace: Workspace, run: RunId, path: str) -> bytes:
    """A plain file of a run, as far as it is compared; nothing where there is none."""
    try:
        with workspace.run_files.open(run, path) as file:
            return file.read(_MOST_BYTES)
    except NotFound:
        return b""


def _change(path: str, old: _Content | None, new: _Content | None) -> FileChange | None:
    """How a file differs; None: it does not."""
    if old is not None and new is not None and old.key == new.key:
        return None
    kind = "added" if old is None else "removed" if new is None else "changed"
    before, after = _lines(old), _lines(new)
    if before is None or after is None:
        return FileChange(path, kind, None)
    from_path = "/dev/null" if old is None else f"a/{path}"
    to_path = "/dev/null" if new is None else f"b/{path}"
    return FileChange(path, kind, "".join(_unified(before, after, from_path, to_path)))


def _lines(content: _Content | None) -> list[str] | None:
    """The lines of a text; None for what is none, or too large."""
    if content is None:
        return []
    if content.data is None or b"\0" in content.data:
        return None
    try:
        return content.data.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        return None


def _unified(before: list[str], after: list[str], from_path: str, to_path: str) -> Iterable[str]:
    for line in difflib.unified_diff(before, after, from_path, to_path):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
