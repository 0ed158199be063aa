import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.waiting import until

from trackboard.spool import boot_id, machine, machine_id, pid_namespace, start_time


@pytest.fixture
def _nothing_is_known_yet() -> Iterator[None]:
    machine_id.cache_clear()
    boot_id.cache_clear()
    yield
    machine_id.cache_clear()
    boot_id.cache_clear()


def ended(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "Z"


@pytest.mark.usefixtures("_nothing_is_known_yet")
@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (["one\n", "two\n"], "one"),
        ([None, "two\n"], "two"),
        (["\n", "two\n"], "two"),
        ([None, None], ""),
    ],
)
def test_a_machine_has_the_first_id_that_is_there(
    tmp_path: Path, contents: list[str | None], expected: str
) -> None:
    paths = [tmp_path / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        if content is not None:
            path.write_text(content)
    assert machine_id(tuple(paths)) == expected


@pytest.mark.usefixtures("_nothing_is_known_yet")
@pytest.mark.requires("linux")
def test_a_boot_has_the_id_that_the_kernel_says() -> None:
    assert boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert pid_namespace() == os.readlink("/proc/self/ns/pid")


class Library:
    """The C library of a Mac, as far as it is asked."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, object, int]] = []

    def sysctlbyname(
        self, name: bytes, old: "ctypes.Array[ctypes.c_char]", size: object, new: None, length: int
    ) -> int:
        self.asked.append((name, new, length))
        if self.answer is None:
            return -1
        assert size._obj.value == len(old)  # type: ignore[attr-defined]
        old.value = self.answer
        return 0


@pytest.mark.usefixtures("_nothing_is_known_yet")
@pytest.mark.parametrize(
    ("answer", "expected"), [(b"5A3E-11", "5A3E-11"), (b"5A\xff", "5A\ufffd"), (None, "")]
)
def test_a_mac_is_asked_for_the_boot_by_a_call(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, expected: str
) -> None:
    library = Library(answer)
    opened: list[object] = []

    def open_library(name: object) -> Library:
        opened.append(name)
        return library

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", open_library)
    assert boot_id() == expected
    assert library.asked == [(b"kern.bootsessionuuid", None, 0)]
    assert opened == [None]  # what is loaded already


@pytest.mark.usefixtures("_nothing_is_known_yet")
def test_a_library_without_that_call_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert boot_id() == ""


def refusing(*_: object, **__: object) -> str:
    raise FileNotFoundError(2, "No such file or directory")


@pytest.mark.usefixtures("_nothing_is_known_yet")
@pytest.mark.parametrize(
    "ask", [machine_id, boot_id, pid_namespace, lambda: start_time(os.getpid())]
)
def test_a_system_that_does_not_say_is_no_error(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[], str]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "read_text", refusing)
    monkeypatch.setattr(os, "readlink", refusing)
    assert ask() == ""


@pytest.mark.requires("linux")
def test_a_process_was_started_when_the_kernel_says_as_long_as_it_runs() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
        assert start_time(process.pid) == stat.rpartition(")")[2].split()[19]
        process.kill()
        until(lambda: ended(process.pid), "it did not become a zombie")
        assert start_time(process.pid) == "", "a process that nobody has waited for"
    finally:
        process.communicate()
    assert start_time(process.pid) == ""


@pytest.mark.parametrize(
    ("stat", "expected"),
    [
        ("7 (sh) S 1 " + " ".join(map(str, range(3, 60))), "20"),
        ("7 (a) b) (c)) R 1 " + " ".join(map(str, range(3, 60))), "20"),
        ("7 (sh) Z 1 " + " ".join(map(str, range(3, 60))), ""),
        ("7 (sh) X 1 " + " ".join(map(str, range(3, 60))), ""),
        ("7 (sh) D 1 " + " ".join(map(str, range(3, 21))), "20"),
    ],
)
def test_the_name_of_a_program_may_hold_anything(
    monkeypatch: pytest.MonkeyPatch, stat: str, expected: str
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_: stat)
    assert start_time(7) == expected


def test_an_odd_byte_in_a_file_of_the_system_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(b" \xffid \n")
    assert machine._read(path) == "\ufffdid"
