"""What may be used of this machine; containers are folders of the same files here."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.targets import machine as machine_module
from trackboard.targets.machine import read_machine

_GIGABYTE = 1 << 30


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(autouse=True)
def _eight_cpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    machine_module._ask_gpus.cache_clear()
    yield
    machine_module._ask_gpus.cache_clear()


def test_this_machine() -> None:
    machine = read_machine()
    assert machine.cpus >= 1
    assert machine.memory_bytes > 64 << 20


def test_the_affinity_counts(tmp_path: Path) -> None:
    assert read_machine({}, tmp_path).cpus == 8


def test_version_2_of_control_groups(tmp_path: Path) -> None:
    _write(tmp_path / "proc/self/cgroup", "0::/user/job\n")
    groups = tmp_path / "sys/fs/cgroup"
    _write(groups / "user/job/cpu.max", "250000 100000\n")
    _write(groups / "user/job/memory.max", "max\n")
    _write(groups / "user/memory.max", f"{_GIGABYTE}\n")  # of the group above
    machine = read_machine({}, tmp_path)
    assert (machine.cpus, machine.memory_bytes) == (2, _GIGABYTE)


def test_version_1_of_control_groups(tmp_path: Path) -> None:
    _write(tmp_path / "proc/self/cgroup", "3:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n0::/\n")
    groups = tmp_path / "sys/fs/cgroup"  # where the container sees its own group at the top
    _write(groups / "cpu/cpu.cfs_quota_us", "50000\n")
    _write(groups / "cpu/cpu.cfs_period_us", "100000\n")
    _write(groups / "memory/memory.limit_in_bytes", f"{_GIGABYTE}\n")
    machine = read_machine({}, tmp_path)
    assert (machine.cpus, machine.memory_bytes) == (1, _GIGABYTE)


def test_no_limit(tmp_path: Path) -> None:
    groups = tmp_path / "sys/fs/cgroup"
    _write(groups / "cpu.max", "max 100000\n")
    _write(groups / "cpu/cpu.cfs_quota_us", "-1\n")
    _write(groups / "cpu/cpu.cfs_period_us", "100000\n")
    _write(groups / "memory/memory.limit_in_bytes", "9223372036854771712\n")
    machine = read_machine({}, tmp_path)
    assert machine.cpus == 8
    assert machine.memory_bytes == read_machine({}, tmp_path / "nothing").memory_bytes


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        ("", ()),
        ("0,2", ("0", "2")),
        (" GPU-8932f937 , 1", ("GPU-8932f937", "1")),
        ("-1", ()),
        ("1,-1,2", ("1",)),
        ("NoDevFiles", ()),
    ],
)
def test_gpus_that_are_visible(tmp_path: Path, visible: str, gpus: tuple[str, ...]) -> None:
    assert read_machine({"CUDA_VISIBLE_DEVICES": visible}, tmp_path).gpus == gpus


def _driver(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    _write(folder / "nvidia-smi", f"#!/bin/sh\n{program}\n")
    (folder / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_gpus_of_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _driver(tmp_path, monkeypatch, "echo 0; echo 1")
    assert read_machine({}, tmp_path).gpus == ("0", "1")


def test_a_driver_that_does_not_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _driver(tmp_path, monkeypatch, "echo NVIDIA-SMI has failed; exit 9")
    assert read_machine({}, tmp_path).gpus == ()
