from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.config import make_workspace, read_settings
from trackboard.errors import UsageError
from trackboard.targets import LocalTarget, Targets
from trackboard.targets.ray.settings import RaySettings
from trackboard.targets.ray.target import RayTarget


def _targets(folder: Path, table: str, name: str = "c") -> Targets:
    make_workspace(folder)
    with (folder / "trackboard.toml").open("a") as file:
        file.write(f"\n[compute.{name}]\n{table}\n")
    return Targets(folder, read_settings(folder).compute, lambda _name: None)


def _read(folder: Path, table: str, name: str = "c") -> RayTarget:
    target = _targets(folder, table, name).open(name)
    assert isinstance(target, RayTarget)
    return target


def test_all_of_it(tmp_path: Path) -> None:
    table = """
        engine = "ray"
        address = "https://head:8265/"
        folder = "/mnt/w"
        python = "/opt/bin/python"
        token_file = "/run/token"
        ca_file = "/etc/ca.pem"
        verify = true
        headers = { "X-Proxy" = "me" }
        autoscaling = true
        cpus = 2
    """
    found = _read(tmp_path, table)
    assert found._ray == RaySettings(
        "https://head:8265/",
        "/mnt/w",
        "/opt/bin/python",
        "/run/token",
        "/etc/ca.pem",
        headers=(("X-Proxy", "me"),),
        autoscaling=True,
    )
    assert found._needs.cpus == 2
    again = Targets(tmp_path, read_settings(tmp_path).compute, lambda _name: None)
    assert again.open("c") is found  # a target is kept for as long as its settings are the same


@pytest.mark.parametrize("table", ["cpus = 2", 'engine = "local"'])
def test_slots_of_this_machine_are_no_ray(tmp_path: Path, table: str) -> None:
    targets = _targets(tmp_path, table)
    assert targets.engines == {"ray"}
    assert isinstance(targets.open("local"), LocalTarget)


def test_the_name_ray_needs_no_table_and_no_engine(tmp_path: Path) -> None:
    target = Targets(tmp_path, {}, lambda _name: None).open("ray")
    assert isinstance(target, RayTarget)
    assert target._ray == RaySettings()
    found = _read(tmp_path, "cpus = 1", "ray")
    assert (found._needs.cpus, found._ray) == (1, RaySettings())
    mine = _read(tmp_path / "other", 'address = "http://head:8265"', "ray")
    assert mine._ray == RaySettings("http://head:8265")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('engine = "slurm"', r"engine = 'slurm' is not known.*local, ray"),
        ('engine = "ray"\naddress = "ray://head:10001"', r"address = .*http://<head>:8265"),
        ('engine = "ray"\naddress = "head:6379"', r"not port 6379"),
        ('engine = "ray"\nfolder = "here"', "folder = 'here' is not an absolute path"),
        ('engine = "ray"\nheaders = { a = 1 }', "header a is not a line of text"),
        ('engine = "ray"\nadress = "x"', "'adress' .*Did you mean address"),
    ],
)
def test_what_cannot_be(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){said}"):
        _read(tmp_path, table)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('python = "python3"', 'python is said of Ray clusters only.*engine = "ray"'),
        ('address = "http://head:8265"', 'address is said of Ray .*engine = "ray"'),
        ("cpu = 2", r"\[compute.ray\] has a setting 'cpu' .*Did you mean cpus\?"),
        ("xyz = 2", r"'xyz' .*Known are: cpus, engine, gpus, memory_gb\."),
    ],
)
def test_what_slots_of_this_machine_do_not_know(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){said}"):
        _targets(tmp_path, f'engine = "local"\n{table}', "ray").open("ray")
