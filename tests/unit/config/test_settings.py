from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.config import ComputeSettings, SettingsFile, make_workspace, read_settings
from trackboard.errors import UsageError


def settings_of(folder: Path, text: str) -> Path:
    make_workspace(folder)
    with (folder / "trackboard.toml").open("a") as file:
        file.write(text)
    return folder


def test_a_new_file_says_nothing_about_compute_targets(tmp_path: Path) -> None:
    assert read_settings(settings_of(tmp_path, "")).compute == {}


def test_what_one_slot_gives(tmp_path: Path) -> None:
    text = (
        "[compute.cpu-cluster]\ncpus = 2\nmemory_gb = 0.5\n[compute.big]\ngpus = 0\nmemory_gb = 4"
    )
    assert read_settings(settings_of(tmp_path, text)).compute == {
        "cpu-cluster": ComputeSettings(cpus=2, memory_gb=0.5),
        "big": ComputeSettings(memory_gb=4, gpus=0),
    }


def test_names_that_boards_answer_to(tmp_path: Path) -> None:
    folder = settings_of(tmp_path, 'allowed_hosts = ["Board.example.org", "10.0.0.1", "fd00::2"]')
    assert read_settings(folder).allowed_hosts == ("board.example.org", "10.0.0.1", "fd00::2")


@pytest.mark.parametrize("host", ['"a:80"', '"http://a"', '"*"', '""', '"a b"', "1", "['a']"])
def test_what_is_no_host_name_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match=r"allowed_hosts has .* no host name"):
        read_settings(settings_of(tmp_path, f"allowed_hosts = [{host}]"))


def test_memory_in_bytes() -> None:
    assert ComputeSettings(memory_gb=1.5).memory_bytes == 3 << 29
    assert ComputeSettings().memory_bytes is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[compute.c]\ncpus = 1.5", r"\[compute.c\]: cpus = 1.5 is not a whole number"),
        ("[compute.c]\ncpus = true", "cpus = True is not a whole number"),
        ("[compute.c]\ncpus = 0", "cpus = 0 is too small.*Write 1 or more"),
        ("[compute.c]\ngpus = -1", "gpus = -1 is too small.*Write 0 or more"),
        ("[compute.c]\nmemory_gb = '4'", "memory_gb = '4' is not a number"),
        ("[compute.c]\nmemory_gb = 0", "memory_gb = 0 is no amount of memory"),
        ("[compute.c]\nmemory_gb = nan", "memory_gb = nan is no amount of memory"),
        ("[compute.c]\nmemory_gb = inf", "memory_gb = inf is no amount of memory"),
        ("[compute]\nc = 4", r"\[compute.c\] = 4 is not a table"),
        ("[compute.local]\ncpus = 1", r"\[compute.local\] cannot be set"),
        ("compute = 4", "compute = 4 is not a table"),
        ("[computes.c]\ncpus = 2", "'computes' .*Did you mean compute"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    folder = settings_of(tmp_path, text)
    with pytest.raises(UsageError, match=f"(?s)trackboard.toml.*{said}"):
        read_settings(folder)


def test_what_people_write_later_is_read(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    file = SettingsFile(tmp_path)
    assert file.read() is file.read()
    with (tmp_path / "trackboard.toml").open("a") as more:
        more.write("[compute.c]\ncpus = 3\n")
    assert file.read().compute["c"].cpus == 3
    (tmp_path / "trackboard.toml").unlink()
    assert file.read().compute["c"].cpus == 3
