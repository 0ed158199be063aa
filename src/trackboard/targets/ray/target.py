"""Workers as Ray jobs.

None twice: Ray refuses an id that it knows, the handle is on the disk before Ray is asked, and a worker
does nothing unless it is the first to take its turn (see `turn`). None lost: what Ray gave up waiting
for, which it does after a quarter of an hour, goes back to our queue, and so does what a head that was
restarted has forgotten before it began.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from trackboard.errors import Conflict, InternalError, NotFound, Unavailable, UsageError
from trackboard.layout import WorkspacePaths
from trackboard.layout.cancel_flag import request_cancel
from trackboard.layout.handle import read_handle, save_handle
from trackboard.layout.start_lock import is_start_lock_taken, take_start_lock
from trackboard.model import JobPlan, RunId
from trackboard.notice import say_once
from trackboard.ports import ComputeNode, TargetMachine, TargetSpec, WorkerState, WorkerStatus
from trackboard.targets.ray.api import RayApi, RayJob, RayVersion, find_address
from trackboard.targets.ray.asking import Send
from trackboard.targets.ray.job import Needs, describe_job
from trackboard.targets.ray.package import own_package
from trackboard.targets.ray.probe import Probe
from trackboard.targets.ray.settings import RaySettings

_CHECK_EVERY_S = 10.0  # many jobs may be submitted at once
_POLL_EVERY_S = 1.0
_BREAK_S = 10.0  # how long a cluster that does not answer is left alone by status calls
_SETTLE_S = 120.0  # what a worker said last may take so long to be seen through a network folder
_PATIENCE_S = 30.0  # from the first wish that a job ends to Ray's force
_GAVE_UP = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
_RUN = "trackboard.run"  # what Ray keeps with a job
_WORKSPACE = "trackboard.workspace"
_ALIVE = WorkerStatus(WorkerState.ALIVE)


@dataclass(frozen=True)
class _Handle:
    """Which Ray job a run is; `accepted` once Ray said so."""

    address: str
    session: str
    job: str
    run: RunId
    accepted: bool = False

    @classmethod
    def read(cls, text: str) -> _Handle:
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError, RecursionError) as exc:
            raise InternalError(f"not a handle of a Ray job: {text!r}") from exc

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


class RayTarget:
    """Runs workers on a Ray cluster.

    Args:
        spec: The compute target.
        settings: How the cluster is reached.
        send: How requests go out, for tests.
        clock: Monotonic seconds.
        wall_clock: Seconds since the epoch, to be compared with Ray's.
    """

    engine = "ray"

    def __init__(
        self,
        spec: TargetSpec,
        settings: RaySettings,
        *,
        send: Send | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._paths = WorkspacePaths(spec.folder)
        self._compute = spec.compute
        self._ray = settings
        self._needs = Needs.of(spec)
        self._most_nodes = spec.max_nodes
        self._send = send
        self._clock = clock
        self._wall_clock = wall_clock
        self._sleep: Callable[[float], None] = time.sleep
        self._where = f"[compute.{spec.compute}] in {self._paths.settings}"
        self._apis: dict[str, RayApi] = {}
        self._checked: tuple[float, str, int, RayVersion] | None = None
        self._polled_s = float("-inf")
        self._last: dict[str, WorkerStatus] = {}
        self._paused_until_s = float("-inf")

    def describe(self) -> TargetMachine:
        """Return a node of the cluster, of which nothing is known before it is asked."""
        return TargetMachine(is_here=False)

    def check(self, plan: JobPlan) -> None:
        """Refuse what no node can run, and a folder that a node does not see."""
        if self._most_nodes is not None and plan.nodes > self._most_nodes:
            raise UsageError(
                f"the job needs {plan.nodes} nodes, and the compute target {plan.compute!r} has"
                f" {self._most_nodes}",
                hint=f"Ask for fewer, or make it larger: update(max_nodes={plan.nodes}).",
            )
        self._check_cluster(plan.nodes)
        self._paused_until_s = float("-inf")

    def has_room(self, nodes: int = 1) -> bool:
        """Ray has a queue of its own; a cluster that does not answer takes nothing."""
        del nodes
        if self._clock() < self._paused_until_s:
            return False
        try:
            self._check_cluster()
        except (Unavailable, UsageError) as exc:
            self._pause_polling(exc)
            return False
        return True

    def start(self, plan: JobPlan) -> str:
        """Hand the job to Ray."""
        api = self._api()
        session = self._check_cluster().session
        handle = _Handle(api.address, session, self._next_id(plan.run), plan.run)
        self._keep(handle)
        job = describe_job(
            plan.run, handle.job, self._ray, self._needs, self._there, own_package().uri, plan.nodes
        )
        job["metadata"] = self._metadata(plan.run)
        try:
            api.submit(job)
        except Conflict:
            self._check_own(api, handle)
        except UsageError as exc:  # it was fine when the job was submitted: the cluster has changed
            raise Unavailable(exc.message, hint=exc.hint) from exc
        accepted = replace(handle, accepted=True)
        self._keep(accepted)
        return accepted.text()

    def find(self, run: RunId) -> str | None:
        """The handle that `start` kept, unless Ray proves that it never got the job."""
        text = read_handle(self._paths.job(run))
        if text is None:
            return None
        handle = _Handle.read(text)
        if handle.accepted or is_start_lock_taken(self._paths.job(run)):
            return text
        with suppress(Unavailable, UsageError):
            api = self._api(handle.address)
            if api.find_job(handle.job) is None and api.get_version().session == handle.session:
                return None
        return text

    def poll(self, handles: Sequence[str]) -> Mapping[str, WorkerStatus]:
        """Ask Ray about all of them at once; where nobody answers, nothing is proved."""
        asked = {text: _Handle.read(text) for text in handles}
        found: dict[str, WorkerStatus] = dict.fromkeys(handles, _ALIVE)
        now_s = self._clock()
        if now_s < self._polled_s + _POLL_EVERY_S or now_s < self._paused_until_s:
            return found | {text: self._last[text] for text in handles if text in self._last}
        for address in {handle.address for handle in asked.values()}:
            here = {text: one for text, one in asked.items() if one.address == address}
            try:
                found |= self._poll_at(self._api(address), here)
            except (Unavailable, UsageError) as exc:
                self._pause_polling(exc)
        self._last, self._polled_s = found, now_s
        return found

    def cancel_if_not_started(self, handle: str) -> bool:
        """Leave word in the job's folder; where the worker has not begun, it never will."""
        given = _Handle.read(handle)
        job = self._paths.job(given.run)
        first_s = request_cancel(job)
        is_ours = take_start_lock(job, "canceled")
        is_overdue = self._wall_clock() - first_s > _PATIENCE_S
        if is_ours:  # Ray may still start it, for nothing
            with suppress(NotFound, Unavailable, UsageError):
                self._api(given.address).stop(given.job)
        elif is_overdue:
            self.cancel(handle)
        return is_ours

    def cancel(self, handle: str) -> None:
        """End a job through Ray: SIGTERM, and SIGKILL half a minute later."""
        given = _Handle.read(handle)
        with suppress(NotFound):
            self._api(given.address).stop(given.job)

    def list_nodes(self) -> tuple[ComputeNode, ...]:
        """The nodes that Ray has now, and which of this workspace's jobs each runs, or leads."""
        api = self._api()
        runs: dict[str, list[RunId]] = {}
        for job in api.list_jobs().values():
            if job.status == "RUNNING" and job.metadata.get(_WORKSPACE) == str(self._paths.folder):
                runs.setdefault(job.node, []).append(RunId(job.metadata[_RUN]))
        return tuple(
            replace(node, runs=tuple(runs.get(node.id, ())))
            for node in api.list_nodes()
            if node.is_alive
        )

    def _check_cluster(self, nodes: int = 1) -> RayVersion:
        """Look at the cluster, its nodes and whether they see the folder, unless that was just done."""
        now_s = self._clock()
        api = self._api()
        if self._checked is not None:
            then_s, address, most, version = self._checked
            if address == api.address and nodes <= most and now_s < then_s + _CHECK_EVERY_S:
                return version
        version = api.get_version()
        alive = [node for node in api.list_nodes() if node.is_alive]
        fitting = [node.id for node in alive if self._needs.fits(node)]
        if not self._ray.autoscaling and self._needs.count_in(alive) < nodes:
            raise self._no_capacity(alive, nodes)
        if nodes > 1:  # it is led from the head, which may be too small for a part in it
            fitting = [node.id for node in alive]
        package = own_package()
        if not api.has_package(package.name):
            api.put_package(package.name, package.data)
        Probe(api, self._ray, self._paths.folder, self._compute, self._clock, self._sleep).prove(
            version, fitting, package
        )
        self._checked = now_s, api.address, nodes, version
        return version

    def _poll_at(self, api: RayApi, handles: Mapping[str, _Handle]) -> dict[str, WorkerStatus]:
        if len(handles) == 1:
            wanted = [api.find_job(handle.job) for handle in handles.values()]
            jobs = {job.id: job for job in wanted if job is not None}
        else:
            jobs = api.list_jobs()
        forgotten = not all(handle.job in jobs for handle in handles.values())
        session = api.get_version().session if forgotten else ""
        return {
            text: self._to_status(handle, jobs.get(handle.job), session)
            for text, handle in handles.items()
        }

    def _to_status(self, handle: _Handle, job: RayJob | None, session: str) -> WorkerStatus:
        if job is None:
            if session != handle.session and not is_start_lock_taken(self._paths.job(handle.run)):
                self._forget(handle)
                self._checked = None  # the new head has neither our package nor proofs
                return WorkerStatus(WorkerState.WAITING, "the head of its cluster was restarted")
            what = "was deleted there" if session == handle.session else "its head was restarted"
            return WorkerStatus(
                WorkerState.GONE, f"Ray at {handle.address} does not know job {handle.job}: {what}"
            )
        if job.status == "PENDING":
            return WorkerStatus(WorkerState.WAITING, job.message)
        if job.status == "RUNNING":
            return _ALIVE
        if job.error == _GAVE_UP and not is_start_lock_taken(self._paths.job(handle.run)):
            self._forget(handle)
            return WorkerStatus(WorkerState.WAITING, job.message)
        if job.status == "SUCCEEDED":
            age_s = self._wall_clock() - (job.ended_s or 0.0)
            return WorkerStatus(WorkerState.GONE, is_settled=age_s > _SETTLE_S)
        return WorkerStatus(WorkerState.GONE, f"Ray says that the job {_ended(job)}")

    def _pause_polling(self, exc: Unavailable | UsageError) -> None:
        """Ask no more for a while; what waits goes on waiting, and what runs is not proved gone."""
        self._paused_until_s = self._clock() + _BREAK_S
        say_once(f"nothing new of the jobs on {self._compute!r}: {exc}")

    def _no_capacity(self, alive: Sequence[ComputeNode], nodes: int) -> UsageError:
        has = "; ".join(sorted(map(_offer, alive))) or "none is alive"
        if nodes == 1:
            what = f"no node of the Ray cluster has what a job on {self._compute!r} needs: {self._needs}"
        else:
            room = self._needs.count_in(alive)
            what = (
                f"the Ray cluster has room for {room} of the {nodes} nodes that the job asks for on"
                f" {self._compute!r}, each of {self._needs}"
            )
        return UsageError(
            f"{what}. Its nodes: {has}",
            hint=f"Lower cpus, memory_gb or gpus in {self._where}, or add nodes; if nodes come"
            " when they are needed, write autoscaling = true there.",
        )

    def _check_own(self, api: RayApi, handle: _Handle) -> None:
        """Ray knows that id: from an earlier try of ours, or it is somebody else's."""
        job = api.find_job(handle.job)
        if job is None or job.metadata.items() >= self._metadata(handle.run).items():
            return
        raise InternalError(
            f"the Ray cluster at {api.address} has a job {handle.job!r} of another workspace",
            hint="Submit the job again.",
        )

    def _metadata(self, run: RunId) -> dict[str, str]:
        return {_RUN: run, _WORKSPACE: str(self._paths.folder)}

    def _next_id(self, run: RunId) -> str:
        """The run's id, numbered from the second time that Ray is asked on."""
        tries = len(self._paths.job(run).list_retired_handles())
        return f"{run}.{tries + 1}" if tries else run

    def _forget(self, handle: _Handle) -> None:
        job = self._paths.job(handle.run)
        with suppress(FileNotFoundError):
            job.handle.rename(job.retired_handle(handle.job))

    def _keep(self, handle: _Handle) -> None:
        save_handle(self._paths.job(handle.run), handle.text())

    @property
    def _there(self) -> str:
        return self._ray.folder or str(self._paths.folder)

    def _api(self, address: str = "") -> RayApi:
        address, where = find_address(address or self._ray.address, self._where)
        if address not in self._apis:
            self._apis[address] = RayApi(self._ray, where, address, self._send)
        return self._apis[address]


def _ended(job: RayJob) -> str:
    verb = "was stopped" if job.status == "STOPPED" else "failed"
    return f"{verb}: {job.message}"


def _offer(node: ComputeNode) -> str:
    memory_gb = node.memory_bytes / 2**30
    return f"{node.cpus:g} CPUs, {node.gpus:g} GPUs, {memory_gb:.1f} GB"
