"""Proof, before a job is taken, that the nodes of a cluster see the workspace's folder.

It takes some seconds, as Ray starts a process on each node, so what it proved is kept: for the nodes it
was proved for, for as long as the head lives. One asks at a time, and the others wait for what it finds
out: many processes at once would keep a node from answering.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trackboard.errors import NotFound, Unavailable, UsageError
from trackboard.layout import PRIVATE_FILE, WorkspacePaths, make_folder, open_file, replace_file
from trackboard.layout.locks import hold
from trackboard.layout.reading import read_json
from trackboard.notice import say_once
from trackboard.targets.ray.api import RayApi, RayVersion
from trackboard.targets.ray.node_probe import FOUND
from trackboard.targets.ray.package import Package
from trackboard.targets.ray.settings import RaySettings

_PROVED = "proved.json"
_LEAST_PYTHON = (3, 11)
_TIMEOUT_S = 60.0
_POLL_S = 0.2
_LOCK_S = 90.0  # a probe and some more
_LOOK_S = 0.1  # between two tries to take the lock
_AGAIN = "Submit again; `ray status` on its head node says what it is busy with."
_PROBE = "trackboard/targets/ray/node_probe.py"
_NOT_UNPACKED = (
    f"can't open file '{_PROBE}'"  # several nodes of one machine unpack in one place, in turns
)
_MOST_TRIES = 3
_ENDED = frozenset(("SUCCEEDED", "FAILED", "STOPPED"))


@dataclass(frozen=True)
class Probe:
    """How one compute target is probed.

    Attributes:
        api: Its cluster.
        settings: Where its nodes see the folder, and how they start Python.
        folder: The workspace's folder here.
        compute: Its name.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
    """

    api: RayApi
    settings: RaySettings
    folder: Path
    compute: str
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @property
    def there(self) -> str:
        """The workspace's folder as the nodes see it."""
        return self.settings.folder or str(self.folder)

    def prove(self, version: RayVersion, nodes: Sequence[str], package: Package) -> None:
        """Return when all of these nodes see the folder.

        Args:
            version: The cluster, as it answered.
            nodes: Ids of the nodes that may be given the job.
            package: What the nodes run; the cluster has it.

        Raises:
            UsageError: One does not, or has a Python that is too old.
            Unavailable: The cluster did not say in time.
        """
        scope = [version.session, self.there, self.settings.python]
        new = self._find_new(scope, nodes)
        if not new:
            return
        say_once(
            f"looking whether {_count(new)} of {self.compute!r} see{'s' * (len(new) == 1)}"
            f" {self.there}; this is done once for each node"
        )
        with hold(
            WorkspacePaths(self.folder).probe_lock,
            _LOCK_S,
            poll_s=_LOOK_S,
            clock=self.clock,
            sleep=self.sleep,
        ) as is_held:
            if not is_held:
                raise Unavailable(
                    f"another process has looked at the nodes of {self.compute!r} for {_LOCK_S:.0f} s",
                    hint=_AGAIN,
                )
            new = self._find_new(scope, nodes)  # whoever had the lock before us may have asked
            if new:
                self._prove(scope, nodes, new, package)

    def _find_new(self, scope: Sequence[str], nodes: Sequence[str]) -> list[str]:
        known = self._load(scope)
        if known and self.settings.autoscaling:
            return []  # of nodes that come and go, each worker looks for itself
        return sorted(set(nodes) - known)

    def _prove(
        self, scope: Sequence[str], nodes: Sequence[str], new: Sequence[str], package: Package
    ) -> None:
        known = self._load(scope)
        found = self._ask(new, package)
        busy = [node for node, said in found.items() if "busy" in said]
        seen = {
            node: said for node, said in found.items() if "left" not in said and node not in busy
        }
        for node, said in seen.items():
            self._check_answer(node, said)
        self._save(scope, known | set(seen))
        if busy:
            raise Unavailable(
                f"{_count(busy)} of {self.compute!r} did not say in time whether they see"
                f" {self.there}: {', '.join(busy)}",
                hint=_AGAIN,
            )
        if not seen and not known & set(nodes):
            raise Unavailable(
                f"the nodes of {self.compute!r} left the cluster while they were looked at",
                hint="Submit again; `ray status` on its head node says which are there.",
            )

    def _ask(self, nodes: Sequence[str], package: Package) -> Mapping[str, Mapping[str, str]]:
        name, nonce = f"probe-{secrets.token_hex(8)}", secrets.token_hex(8)
        make_folder(self._own)
        path = self._own / name
        fd = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)  # as plans are
        with open(fd, "w") as file:
            file.write(nonce)
        try:
            words = [_PROBE, f"{self.there}/ray", name, ",".join(nodes)]
            for attempt in range(_MOST_TRIES):
                job = f"trackboard-{name}-{attempt}"
                self.api.submit(
                    {
                        "submission_id": job,
                        "entrypoint": f"exec {self.settings.python} {shlex.join(words)}",
                        "runtime_env": {"working_dir": package.uri},
                        "metadata": {"trackboard": "looks for the folder of a workspace"},
                    }
                )
                message = self._wait(job)
                log = self.api.get_log(job)
                if _NOT_UNPACKED not in log:
                    break
            found = self._read(message, log)
        finally:
            path.unlink()
        for said in found.values():
            if said.get("nonce", nonce) != nonce:
                said["error"] = "there is another folder in its place"
        return found

    def _wait(self, job: str) -> str:
        """Return what Ray says of a job that has ended."""
        deadline_s = self.clock() + _TIMEOUT_S
        while (found := self.api.find_job(job)) is None or found.status not in _ENDED:
            if self.clock() > deadline_s:
                self.api.stop(job)
                raise Unavailable(
                    f"the cluster at {self.api.address} did not say within {_TIMEOUT_S:.0f} s whether"
                    f" its nodes see {self.there}: {found.message if found else 'no answer'}",
                    hint=_AGAIN,
                )
            self.sleep(_POLL_S)
        return found.message

    def _read(self, message: str, log: str) -> dict[str, dict[str, str]]:
        for line in log.splitlines():
            if line.startswith(FOUND):
                answer: dict[str, dict[str, str]] = json.loads(line.removeprefix(FOUND))
                return answer
        last = log.strip().splitlines()[-8:]
        if not last or last[-1] not in message:  # Ray repeats a log in its message
            last.insert(0, message)
        said = "\n".join(last)
        raise UsageError(
            f"the nodes of {self.compute!r} cannot run our probe with"
            f" python = {self.settings.python!r}:\n{said}",
            hint="Write python = '<path on the nodes>', an interpreter that has Ray, to"
            f" {self._table}.",
        )

    def _check_answer(self, node: str, said: Mapping[str, str]) -> None:
        host = said.get("host", node)
        if said["error"]:
            raise UsageError(
                f"node {host} of {self.compute!r} cannot use the workspace's folder {self.there}:"
                f" {said['error']}",
                hint="Put the workspace in a folder that all nodes mount (TRACKBOARD_URI=<folder>); if"
                f' the nodes see it under another path, write folder = "<path there>" to {self._table}.',
            )
        version = tuple(int(part) for part in said["python"].split(".")[:2])
        if version < _LEAST_PYTHON:
            raise UsageError(
                f"node {host} of {self.compute!r} has Python {said['python']}, and our worker needs 3.11",
                hint="Use a newer image or environment for the nodes, or write python ="
                f" '<a newer one on the nodes>' to {self._table}.",
            )

    @property
    def _table(self) -> str:
        return f"[compute.{self.compute}] in {WorkspacePaths(self.folder).settings}"

    @property
    def _own(self) -> Path:
        return WorkspacePaths(self.folder).ray

    def _load(self, scope: Sequence[str]) -> set[str]:
        found = self._kept().get(self.compute)
        if not isinstance(found, dict) or found.get("scope") != list(scope):
            return set()
        nodes = found.get("nodes")
        return set(map(str, nodes)) if isinstance(nodes, list) else set()

    def _save(self, scope: Sequence[str], nodes: set[str]) -> None:
        kept = {**self._kept(), self.compute: {"scope": list(scope), "nodes": sorted(nodes)}}
        replace_file(self._own / _PROVED, json.dumps(kept))

    def _kept(self) -> dict[str, object]:
        """What was proved earlier, by compute target; nothing when that cannot be read."""
        try:
            kept = read_json(self._own / _PROVED, "list of nodes")
        except (NotFound, UsageError):
            return {}  # only a shortcut
        return kept if isinstance(kept, dict) else {}


def _count(nodes: Sequence[str]) -> str:
    return "1 node" if len(nodes) == 1 else f"{len(nodes)} nodes"
