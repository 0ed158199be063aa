from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.config import (
    ComputeSettings,
    RaySettings,
    find_compute_settings,
    make_workspace,
    read_settings,
)
from trackboard.errors import UsageError


def _read(folder: Path, table: str) -> RaySettings | None:
    make_workspace(folder)
    with (folder / "trackboard.toml").open("a") as file:
        file.write(f"\n[compute.c]\n{table}\n")
    return read_settings(folder).compute["c"].ray


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
    assert found == RaySettings(
        "https://head:8265/",
        "/mnt/w",
        "/opt/bin/python",
        "/run/token",
        "/etc/ca.pem",
        headers=(("X-Proxy", "me"),),
        autoscaling=True,
    )
    assert read_settings(tmp_path).compute["c"].cpus == 2
    hash(read_settings(tmp_path).compute["c"])  # a target is kept for as long as they are the same


def test_slots_of_this_machine_are_no_ray(tmp_path: Path) -> None:
    assert _read(tmp_path, "cpus = 2") is None
    assert _read(tmp_path / "other", 'engine = "local"') is None


def test_the_name_ray_needs_no_table_and_no_engine(tmp_path: Path) -> None:
    assert find_compute_settings({}, "ray").ray == RaySettings()
    assert find_compute_settings({}, "c").ray is None
    mine = ComputeSettings(cpus=2, ray=RaySettings("http://head:8265"))
    assert find_compute_settings({"ray": mine}, "ray") is mine
    make_workspace(tmp_path)
    with (tmp_path / "trackboard.toml").open("a") as file:
        file.write("[compute.ray]\ncpus = 1\n")
    found = read_settings(tmp_path).compute["ray"]
    assert (found.cpus, found.ray) == (1, RaySettings())


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('engine = "slurm"', r"engine = 'slurm' is not known.*local, ray"),
        ('engine = "ray"\naddress = "ray://head:10001"', r"address = .*http://<head>:8265"),
        ('engine = "ray"\naddress = "head:6379"', r"not port 6379"),
        ('engine = "ray"\nfolder = "here"', "folder = 'here' is not an absolute path"),
        ('python = "python3"', 'python is said of Ray clusters only.*engine = "ray"'),
        ('engine = "ray"\nheaders = { a = 1 }', "header a is not a line of text"),
        ('engine = "ray"\nadress = "x"', "'adress' .*Did you mean address"),
        ('address = "http://head:8265"', 'address is said of Ray .*engine = "ray"'),
    ],
)
def test_what_cannot_be(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){said}"):
        _read(tmp_path, table)
