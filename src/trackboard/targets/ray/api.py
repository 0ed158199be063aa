"""The part of the HTTP API of a Ray dashboard that jobs need; see `asking` for its errors."""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.ports import ComputeNode
from trackboard.targets.ray.asking import (
    Answer,
    Call,
    Send,
    explain_refusal,
    explain_silence,
    find_token,
    make_send,
)
from trackboard.targets.ray.settings import RaySettings, check_address

LEAST_VERSION = (2, 9)
LOCAL_ADDRESS = "http://127.0.0.1:8265"  # of a head that nobody told otherwise
_LOCAL = ("", "auto", "local")  # Ray's words for the cluster of this machine
_VARIABLES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")  # in the order of Ray's own client
_QUICK_S = 5.0  # a question
_PATIENT_S = 60.0  # a submission: a head that has just started takes its time
_MOST_NODES = 10_000  # what Ray's state API gives out at most


@dataclass(frozen=True)
class RayVersion:
    """Who answers."""

    version: str
    session: str  # names one life of a head node


@dataclass(frozen=True)
class RayJob:
    """What Ray knows about a job."""

    id: str
    status: str  # PENDING, RUNNING, SUCCEEDED, FAILED, STOPPED
    message: str
    error: str  # Ray's word for the kind of error; empty when there is none
    ended_s: float | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    node: str = ""  # where its driver is

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> RayJob:
        """Take what is needed of an answer."""
        ended_ms = fields.get("end_time")
        return cls(
            id=fields.get("submission_id") or "",
            status=fields["status"],
            message=fields.get("message") or "",
            error=fields.get("error_type") or "",
            ended_s=ended_ms / 1000 if ended_ms else None,
            metadata=fields.get("metadata") or {},
            node=fields.get("driver_node_id") or "",
        )


class RayApi:
    """One Ray dashboard.

    Args:
        settings: How it is reached.
        where: The table that says so, for messages.
        address: Instead of the one in the settings.
        send: How requests go out, for tests.
    """

    def __init__(
        self, settings: RaySettings, where: str, address: str = "", send: Send | None = None
    ) -> None:
        self.address, self.where = find_address(address or settings.address, where)
        self._send = send or make_send(settings)
        token = find_token(settings)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._headers |= dict(settings.headers)

    def get_version(self) -> RayVersion:
        """Who answers.

        Raises:
            UsageError: Nobody whom we understand.
            Unavailable: Nobody.
        """
        answer = self._ask("GET", "/api/version")
        try:
            fields = answer.json()
            found = RayVersion(fields["ray_version"], fields.get("session_name", ""))
        except (ValueError, KeyError, TypeError):
            raise explain_refusal(self.address, self.where, Answer(404, b"no version")) from None
        numbers = tuple(int(number) for number in re.findall(r"\d+", found.version)[:2])
        if numbers < LEAST_VERSION:
            least = ".".join(map(str, LEAST_VERSION))
            raise UsageError(
                f"the cluster at {self.address} is Ray {found.version}, and jobs need {least} or newer",
                hint=f"Upgrade all of its nodes: pip install -U 'ray[default]>={least}'.",
            )
        return found

    def list_nodes(self) -> tuple[ComputeNode, ...]:
        """Its nodes, also those that left it a while ago."""
        fields = self._ask("GET", f"/api/v0/nodes?limit={_MOST_NODES}").json()
        return tuple(_read_node(node) for node in fields["data"]["result"]["result"])

    def has_package(self, name: str) -> bool:
        """Whether it has a zip of this name; asking keeps one that is there for some minutes."""
        answer = self._raw("GET", f"/api/packages/gcs/{name}")
        if answer.status not in (200, 404):
            raise explain_refusal(self.address, self.where, answer)
        return answer.status == 200

    def put_package(self, name: str, data: bytes) -> None:
        """Give it a zip."""
        self._ask("PUT", f"/api/packages/gcs/{name}", data, _PATIENT_S)

    def submit(self, job: Mapping[str, Any]) -> None:
        """Hand a job over.

        Raises:
            Conflict: It has one of this id already.
        """
        answer = self._raw("POST", "/api/jobs/", json.dumps(job).encode(), _PATIENT_S)
        if answer.status != 200 and b"already exists" in answer.body:
            raise Conflict(f"the Ray cluster at {self.address} has a job {job['submission_id']!r}")
        self._check(answer)

    def find_job(self, job: str) -> RayJob | None:
        """One job."""
        answer = self._raw("GET", f"/api/jobs/{quote(job, safe='')}")
        if answer.status == 404:
            return None
        self._check(answer)
        return RayJob.read(answer.json())

    def list_jobs(self) -> dict[str, RayJob]:
        """All jobs that were submitted to it, by id."""
        found = (RayJob.read(fields) for fields in self._ask("GET", "/api/jobs/").json())
        return {job.id: job for job in found if job.id}

    def get_log(self, job: str) -> str:
        """What a job printed."""
        return str(self._ask("GET", f"/api/jobs/{quote(job, safe='')}/logs").json()["logs"])

    def stop(self, job: str) -> None:
        """Ask for the end of a job, which Ray forces after a while."""
        answer = self._raw("POST", f"/api/jobs/{quote(job, safe='')}/stop", b"")
        if answer.status == 404:
            raise NotFound(f"the Ray cluster at {self.address} has no job {job!r}")
        self._check(answer)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, timeout_s: float = _QUICK_S
    ) -> Answer:
        answer = self._raw(method, path, body, timeout_s)
        self._check(answer)
        return answer

    def _check(self, answer: Answer) -> None:
        if answer.status != 200:
            raise explain_refusal(self.address, self.where, answer)

    def _raw(
        self, method: str, path: str, body: bytes | None = None, timeout_s: float = _QUICK_S
    ) -> Answer:
        headers = {**self._headers, "Content-Type": "application/json"}
        try:
            return self._send(Call(method, self.address + path, headers, body, timeout_s))
        except (OSError, http.client.HTTPException) as exc:
            raise explain_silence(self.address, self.where, exc) from exc


def find_address(written: str, where: str) -> tuple[str, str]:
    """The address of a cluster, and where it was written.

    Args:
        written: In the settings; empty: the environment variables say it, or it is this machine.
        where: The table of the settings.

    Raises:
        UsageError: It is not one.
    """
    if written:
        return check_address(f"{where}: address", written), where
    for name in _VARIABLES:
        if (value := os.environ.get(name, "")) not in _LOCAL:
            return check_address(name, value), f"the environment variable {name}"
    return LOCAL_ADDRESS, f"{where}, which names no address"


def _read_node(fields: Mapping[str, Any]) -> ComputeNode:
    try:
        total = fields.get("resources_total") or {}
        return ComputeNode(
            id=fields["node_id"],
            address=fields.get("node_ip") or "",
            is_alive=fields["state"] == "ALIVE",
            cpus=float(total.get("CPU", 0)),
            gpus=float(total.get("GPU", 0)),
            memory_bytes=int(total.get("memory", 0)),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise Unavailable(f"Ray described a node as nobody can read it: {fields!r}") from exc
