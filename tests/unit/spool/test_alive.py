import fcntl
import json
import os
from pathlib import Path

import pytest

from trackboard.layout import FileSystem
from trackboard.model import RunId, Tagged
from trackboard.spool import Liveness, SpoolWriter, Writer, alive, boot_id, probe, read_writer

OTHERS = [
    "another boot",
    "another host",
    "both",
    "an earlier version",
    "damaged",
    "of a newer version",
]


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    writer = SpoolWriter(tmp_path / "spool")
    writer.append_event(Tagged(RunId("r"), "key", "value"))
    return writer


@pytest.fixture
def folder(tmp_path: Path, writer: SpoolWriter) -> Path:
    return tmp_path / "spool" / writer.writer


def say(folder: Path, what: str) -> None:
    """Have the file `alive` say something else, in place: the lock stays."""
    file = folder / "alive"
    said = json.loads(file.read_bytes())
    if what in ("another boot", "both"):
        said["boot"] = "00000000-0000-0000-0000-000000000000"
    if what in ("another host", "both"):
        said["host"] = "elsewhere"
    if what == "an earlier version":
        said = {name: said[name] for name in ("host", "boot", "pid", "started_s", "locked")}
    if what == "of a newer version":
        said["news"] = {"of": "tomorrow"}
    file.write_text("{" if what == "damaged" else json.dumps(said))


@pytest.mark.parametrize("what", ["as it is", *OTHERS])
def test_on_a_disk_of_this_machine_the_lock_alone_decides(
    folder: Path, writer: SpoolWriter, what: str
) -> None:
    """Machines that were cloned have the same name, and containers on one kernel have boots of their own."""
    say(folder, what)
    assert probe(folder, is_local=True) is Liveness.ALIVE
    writer.close()
    assert probe(folder, is_local=True) is Liveness.DEAD


@pytest.mark.parametrize(
    ("what", "is_known"),
    [
        ("as it is", True),
        ("another host", True),  # it was renamed: the boot is the same
        ("an earlier version", True),
        ("of a newer version", True),
        ("another boot", False),
        ("both", False),
        ("damaged", False),
    ],
)
def test_elsewhere_a_lock_counts_within_one_boot(
    folder: Path, writer: SpoolWriter, what: str, is_known: bool
) -> None:
    say(folder, what)
    assert probe(folder, is_local=False) is (Liveness.ALIVE if is_known else Liveness.UNKNOWN)
    writer.close()
    assert probe(folder, is_local=False) is (Liveness.DEAD if is_known else Liveness.UNKNOWN)


def test_a_boot_that_the_system_does_not_tell_is_nobodys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "alive"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "boot": ""}))
    monkeypatch.setattr(alive, "boot_id", lambda: "")
    assert probe(folder, is_local=False) is Liveness.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FileSystem.LOCAL, Liveness.ALIVE),
        (FileSystem.NETWORK, Liveness.UNKNOWN),
        (FileSystem.UNKNOWN, Liveness.UNKNOWN),
    ],
)
def test_only_a_file_system_that_is_known_to_be_local_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: FileSystem, expected: Liveness
) -> None:
    say(folder, "another boot")
    alive._is_local_device.cache_clear()
    monkeypatch.setattr(alive, "find_file_system", lambda _folder: kind)
    assert probe(folder) is expected
    alive._is_local_device.cache_clear()


def test_a_file_system_without_locks_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_fd: int, _operation: int) -> None:
        raise OSError(38, "no locks here")

    writer = SpoolWriter(tmp_path / "spool")
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", refuse)
        writer.append_event(Tagged(RunId("r"), "key", "value"))
    folder = tmp_path / "spool" / writer.writer
    assert probe(folder, is_local=True) is Liveness.UNKNOWN
    writer.close()
    assert probe(folder, is_local=True) is Liveness.UNKNOWN


def test_a_spool_without_the_file_proves_nothing(folder: Path) -> None:
    (folder / "alive").unlink()
    assert probe(folder, is_local=True) is Liveness.UNKNOWN
    os.mkfifo(folder / "alive")  # nobody will ever write to it
    assert read_writer(folder) is None


def test_a_process_says_who_it_is_by_what_the_kernel_says(folder: Path) -> None:
    who = read_writer(folder)
    assert who is not None
    assert (who.pid, who.boot, who.locked) == (os.getpid(), boot_id(), True)
    if Path("/proc/self/ns/pid").exists():
        assert who.namespace == os.readlink("/proc/self/ns/pid")
        stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        assert who.started == stat[19]


@pytest.mark.parametrize("name", Writer._fields)
@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_an_odd_value_makes_nobody_of_it(folder: Path, name: str, value: object) -> None:
    file = folder / "alive"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), name: value}))
    assert read_writer(folder) is None


@pytest.mark.parametrize("text", ["", "[]", "1", "null", "[" * 100_000, "{}", '{"host": "a"}'])
def test_what_is_no_writer_is_nobody(folder: Path, text: str) -> None:
    (folder / "alive").write_text(text)
    assert read_writer(folder) is None
