"""What Ray cannot do is refused at submit, and its nodes are looked at; tests/e2e has real ones."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.targets.conftest import ADDRESS, RUN, Clock, Make, RecordedRay, make_node

from trackboard.errors import Unavailable, UsageError
from trackboard.layout.locks import hold
from trackboard.model import Distribution, JobPlan, Launcher
from trackboard.ports import TargetSpec
from trackboard.targets.ray import node_probe
from trackboard.targets.ray.settings import RaySettings
from trackboard.targets.ray.target import RayTarget

REFUSED: list[tuple[str, Mapping[str, Any], Callable[[RecordedRay], None], str]] = [
    ("cpus", {"cpus": 64}, lambda _: None, r"needs: cpus = 64. Its nodes: 2 CPUs.*Lower cpus"),
    ("gpus", {"gpus": 1}, lambda _: None, r"gpus = 1.*autoscaling = true"),
    (
        "old",
        {},
        lambda ray: setattr(ray, "version", "2.3.1"),
        r"is Ray 2\.3\.1.*2\.9 or newer.*pip",
    ),
    (
        "no folder",
        {},
        lambda ray: ray.sees.update(n2={"host": "two", "error": "No such file: /w"}),
        r"node two of 'c' cannot use .*No such file: /w.*folder = .*\[compute\.c\]",
    ),
    (
        "another folder",
        {},
        lambda ray: ray.sees.update(
            n1={"host": "one", "python": "3.12.1", "error": "", "nonce": "x"}
        ),
        r"node one of 'c' cannot use .*another folder in its place",
    ),
    (
        "old Python",
        {},
        lambda ray: ray.sees.update(n1={"host": "one", "python": "3.9.19", "error": ""}),
        r"node one .*Python 3\.9\.19.*3\.11",
    ),
]


@pytest.mark.parametrize(
    ("changes", "spoil", "said"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused_at_submit(
    make: Make,
    plan: JobPlan,
    ray: RecordedRay,
    changes: Mapping[str, Any],
    spoil: Callable[[RecordedRay], None],
    said: str,
) -> None:
    spoil(ray)
    with pytest.raises(UsageError, match=f"(?s){said}"):
        make(**changes).check(plan)
    assert RUN not in ray.jobs


def test_more_nodes_than_have_room(make: Make, plan: JobPlan) -> None:
    together = replace(plan, distribution=Distribution(Launcher.PYTORCH, 3, nodes=3))
    with pytest.raises(UsageError, match="room for 2 of the 3 nodes"):
        make(cpus=2).check(together)
    with pytest.raises(UsageError, match=r"has 2\nAsk for fewer"):
        make(most_nodes=2).check(together)


def test_nodes_that_come_when_they_are_needed(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    make(cpus=64, autoscaling=True).check(plan)
    make(autoscaling=True).check(plan)
    ray.nodes.append(make_node(3))
    probes = len(ray.jobs)
    make(autoscaling=True).check(plan)  # the worker there looks for itself
    assert len(ray.jobs) == probes


def test_a_new_node_is_looked_at(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    make().check(plan)
    ray.nodes.append(make_node(3))
    ray.sees["n3"] = {"host": "three", "error": "No such file or directory: /w"}
    with pytest.raises(UsageError, match="node three"):
        make().check(plan)


def test_a_node_that_leaves_meanwhile(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    ray.sees["n2"] = {"host": "n2", "left": "the node is dead", "error": ""}
    make().check(plan)
    del ray.sees["n2"]
    probes = len(ray.jobs)
    make().check(plan)  # it was not looked at yet
    assert len(ray.jobs) == probes + 1


def test_nodes_that_all_leave_meanwhile(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    ray.sees = {f"n{n}": {"host": f"n{n}", "left": "dead", "error": ""} for n in (1, 2)}
    with pytest.raises(Unavailable, match="left the cluster while they were looked at"):
        make().check(plan)


def test_a_probe_that_never_ends(make: Make, plan: JobPlan, ray: RecordedRay, clock: Clock) -> None:
    ray._look = lambda job, words: None  # type: ignore[method-assign]  # noqa: ARG005
    target = make()
    target._sleep = lambda s: setattr(clock, "now_s", clock.now_s + max(s, 5.0))
    with pytest.raises(Unavailable, match="did not say within 60 s whether its nodes see"):
        target.check(plan)
    (probe,) = ray.jobs.values()
    assert probe["stopped"]


def test_many_at_once_are_probed_once(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    probe_node = ray._look

    def take_long(job: str, words: list[str]) -> None:
        time.sleep(0.2)
        probe_node(job, words)

    ray._look = take_long  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: make().check(plan), range(8)))
    assert len(ray.jobs) == 1


def test_others_are_not_waited_for_forever(
    make: Make, plan: JobPlan, tmp_path: Path, clock: Clock
) -> None:
    target = make()
    target._sleep = lambda s: setattr(clock, "now_s", clock.now_s + max(s, 5.0))
    with (
        hold(tmp_path / "ray" / "probe.lock", 0.0, clock=clock),
        pytest.raises(Unavailable, match=r"has looked at the nodes of 'c' for 90 s\nSubmit again"),
    ):
        target.check(plan)
    target.check(plan)


def test_a_node_that_is_busy_is_asked_again(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    ray.sees["n2"] = {"host": "n2", "busy": "it did not answer", "error": ""}
    with pytest.raises(
        Unavailable, match=r"1 node of 'c' did not say in time .*: n2\nSubmit again"
    ):
        make().check(plan)
    del ray.sees["n2"]
    make().check(plan)
    assert list(ray.jobs.values())[-1]["entrypoint"].endswith(" n2")  # the other has shown it


def test_what_a_probe_says_of_a_node_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = ("GetTimeoutError", "TaskUnschedulableError", "NodeDiedError", "OtherError")
    kinds = {name: type(name, (Exception,), {}) for name in errors}
    answers = {"slow": kinds["GetTimeoutError"], "gone": kinds["NodeDiedError"]}
    answers["odd"] = kinds["OtherError"]

    def get(node: str, timeout: float) -> dict[str, str]:
        assert 0 <= timeout <= 40
        if node in answers:
            raise answers[node]("said")
        return {"host": node, "error": ""}

    def options(*, scheduling_strategy: str, **_: object) -> SimpleNamespace:
        return SimpleNamespace(remote=lambda *_: scheduling_strategy)

    ray = SimpleNamespace(
        init=lambda **_: None,
        remote=lambda _: SimpleNamespace(options=options),
        get=get,
        exceptions=SimpleNamespace(**kinds),
    )
    strategies = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node_id, soft: node_id)  # noqa: ARG005
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.util.scheduling_strategies", strategies)
    monkeypatch.setattr(sys, "argv", ["probe", "/w", "name", "good,slow,gone,odd"])
    node_probe.main()
    said = json.loads(capsys.readouterr().out.removeprefix(node_probe.FOUND))
    assert {node: sorted(words) for node, words in said.items()} == {
        "good": ["error", "host"],
        "slow": ["busy", "error", "host"],
        "gone": ["error", "host", "left"],
        "odd": ["error", "host"],
    }
    assert said["slow"]["error"] == ""
    assert said["odd"]["error"] == "OtherError: said"


NO_PYTHON = "/bin/sh: 1: exec: python: not found\n"
EXITED = "Job entrypoint command failed with exit code 127, last available logs (truncated ...):\n"


@pytest.mark.parametrize(
    ("message", "log", "said"),
    [
        (EXITED + NO_PYTHON, NO_PYTHON, "/bin/sh: 1: exec: python: not found"),
        ("the runtime_env is broken", "", "the runtime_env is broken"),
        ("the node died", "INFO it begins\n", "the node died\nINFO it begins"),
    ],
)
def test_a_probe_that_cannot_run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    plan: JobPlan,
    ray: RecordedRay,
    message: str,
    log: str,
    said: str,
) -> None:
    ray._look = lambda job, words: ray.end(job, "FAILED", message, log=log)  # type: ignore[method-assign]  # noqa: ARG005
    monkeypatch.setattr("trackboard.targets.ray.api.LOCAL_ADDRESS", ADDRESS)
    for name in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    target = RayTarget(TargetSpec(tmp_path, "c"), RaySettings(), send=ray.send)
    with pytest.raises(UsageError) as caught:
        target.check(plan)
    assert caught.value.message == (
        f"the nodes of 'c' cannot run our probe with python = 'python':\n{said}"
    )
    assert str(caught.value).endswith(f"to [compute.c] in {tmp_path / 'trackboard.toml'}.")


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_a_probe_that_was_not_unpacked_yet_is_sent_again(
    make: Make, plan: JobPlan, ray: RecordedRay, failures: int
) -> None:
    """Nodes on one machine share a folder, and each replaces there what the others have unpacked."""
    probe_node, sent = ray._look, []

    def fail_at_first(job: str, words: list[str]) -> None:
        sent.append(job)
        if len(sent) > failures:
            probe_node(job, words)
        else:
            ray.end(job, "FAILED", log=f"python: can't open file '{words[2]}': [Errno 2]\n")

    ray._look = fail_at_first  # type: ignore[method-assign]
    target = make()
    if failures < 3:
        target.check(plan)
    else:
        with pytest.raises(UsageError, match="cannot run our probe"):
            target.check(plan)
    assert len(set(sent)) == min(failures + 1, 3)
