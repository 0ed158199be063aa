"""Files that others wrote: whatever they are, reading ends; what is wrong is said with their name."""

import os
import socket
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.layout import reading
from trackboard.layout.reading import read_bytes, read_json, read_parsed, read_text


def _socket(place: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # its name must be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(place.name)
    finally:
        os.chdir(here)


def _sparse(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(3 << 30)


NO_FILES: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "folder": (Path.mkdir, "is a folder"),
    "pipe": (os.mkfifo, "is a pipe"),
    "socket": (_socket, "is a socket"),
    "device": (lambda place: place.symlink_to("/dev/zero"), "is a device"),
    "memory": (lambda place: place.symlink_to("/proc/self/mem"), "cannot be read"),
    "kernel": (lambda place: place.symlink_to("/proc/kmsg"), "cannot be read|is no text|no file"),
    "circle": (lambda place: place.symlink_to(place), "cannot be read"),
    "sparse": (_sparse, "more than"),
    "nothing": (lambda place: place.symlink_to("gone"), "there is no"),
}
OF_LINUX: Final = ("memory", "kernel")


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.requires("linux")] * (kind in OF_LINUX))
        for kind in NO_FILES
    ],
)
def test_what_is_no_file_is_named_and_never_waited_for(kind: str, tmp_path: Path) -> None:
    make, said = NO_FILES[kind]
    make(tmp_path / "it")
    with pytest.raises((UsageError, NotFound), match=said) as caught:
        read_text(tmp_path / "it", "settings file")
    assert str(tmp_path / "it") in caught.value.message
    assert "settings file" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300, "/".join(["y" * 200] * 30)])
def test_a_name_that_no_file_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        read_text(tmp_path / name, "settings file")
    assert len(caught.value.message) < 700


@pytest.mark.parametrize("given", [0, 118, 10**30, True, None, 1.5, ["a"], object()])
def test_what_is_no_path_is_never_taken_for_an_open_file(given: Any) -> None:
    with pytest.raises(UsageError, match="which is no path"):
        read_text(given, "settings file")


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    place = tmp_path / "it"
    place.write_text("x")
    place.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)  # root reads everything
    try:
        with pytest.raises(UsageError, match="Permission denied"):
            read_text(place, "settings file")
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a\nä\n".encode("latin-1"), "line 2 holds the byte 0xe4"),
        ("a".encode("utf-16") + b"x", "no text in UTF-16"),
        (b"\xff\xfe\0\xd8", "no text in UTF-16"),
        (b"a\nb\nc\0", "a NUL in line 3"),
        (b"\x80\x04\x95", "line 1 holds the byte 0x80"),
    ],
)
def test_what_is_no_text_is_said_with_its_line(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(data)
    with pytest.raises(UsageError, match=said) as caught:
        read_text(tmp_path / "it", "settings file")
    assert caught.value.hint == "Save it as UTF-8."


def test_a_mark_at_the_start_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"\xef\xbb\xbfa\xc3\xa4\r\n")
    assert read_text(tmp_path / "it", "settings file") == "aä\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-be"]
)
def test_a_mark_at_the_start_says_the_encoding(encoding: str, tmp_path: Path) -> None:
    mark = "\ufeff" if encoding.endswith("e") else ""
    (tmp_path / "it").write_bytes(f"{mark}aä€\n".encode(encoding))
    assert read_text(tmp_path / "it", "settings file") == "aä€\n"


@pytest.mark.parametrize("first", ["# -*- coding: {} -*-", "# vim: set fileencoding={} :"])
@pytest.mark.parametrize("before", ["", "# of ours\n"])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "shift_jis"])
def test_a_comment_says_the_encoding(
    first: str, before: str, encoding: str, tmp_path: Path
) -> None:
    text = f"{before}{first.format(encoding)}\n# {'表' if encoding == 'shift_jis' else 'ä'}\n"
    (tmp_path / "it").write_bytes(text.encode(encoding))
    assert read_text(tmp_path / "it", "requirements file", may_declare=True) == text


def test_a_comment_below_says_nothing_and_one_of_nonsense_is_named(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes("a\nb\n# coding: utf-16\nä\n".encode())
    assert read_text(tmp_path / "it", "requirements file", may_declare=True).endswith("ä\n")
    for nonsense in ("klingon", "hex"):
        (tmp_path / "it").write_text(f"# coding: {nonsense}\n")
        with pytest.raises(UsageError, match=f"names the encoding '{nonsense}'"):
            read_text(tmp_path / "it", "requirements file", may_declare=True)


def test_what_is_no_utf_8_may_be_in_the_encoding_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "cp1252")
    (tmp_path / "it").write_bytes("# ä\n".encode("cp1252"))
    assert read_text(tmp_path / "it", "requirements file", may_declare=True) == "# ä\n"
    with pytest.raises(UsageError, match="no text in UTF-8"):
        read_text(tmp_path / "it", "settings file")


def test_a_limit_is_a_limit(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"12345")
    assert read_bytes(tmp_path / "it", "settings file", 5) == b"12345"
    with pytest.raises(UsageError, match="more than 4 bytes"):
        read_bytes(tmp_path / "it", "settings file", 4)


@pytest.mark.requires("linux")
def test_a_file_that_says_it_is_empty_is_read_to_its_end_or_limit() -> None:
    """As those of the kernel do."""
    assert b"Pid:" in read_bytes("/proc/self/status", "settings file")
    with pytest.raises(UsageError, match="more than 10 bytes"):
        read_bytes("/proc/self/status", "settings file", 10)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "large").write_text("12345")
    before = sorted(os.listdir("/dev/fd"))
    for path in (tmp_path, tmp_path / "large", tmp_path / "gone"):
        with pytest.raises(TrackboardError):
            read_text(path, "settings file", 3)
    assert sorted(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deep"),
        ("[" * 200 + "]" * 200, "nested more than 100 deep"),
        ('{"a": ' * 5_000 + "1" + "}" * 5_000, "nested"),
        ("{", "line 1 column 2"),
        ("9" * 5_000, "digits"),
        ("", "line 1 column 1"),
    ],
    ids=["open", "nested", "objects", "unfinished", "digits", "empty"],
)
def test_json_that_is_none(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "it").write_text(text)
    with pytest.raises(UsageError, match=f"not valid JSON: .*{said}"):
        read_json(tmp_path / "it", "settings file")


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    ("text", "said"),
    [("a = " + "[" * 50_000, "nested too deep"), ("\na = ?", "line 2, column 5")],
    ids=["nested", "no value"],
)
def test_toml_that_is_none(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "it").write_text(text)
    with pytest.raises(UsageError, match=f"not valid TOML: .*{said}"):
        read_parsed(tmp_path / "it", "settings file", "TOML", tomllib.loads)


def test_what_is_within_itself_or_without_end_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="deep"):
        reading.check_content(circle)
    many: object = "x"
    for _ in range(30):  # two to the 30th of them
        many = [many, many]
    with pytest.raises(ValueError, match="more than 200,000 values"):
        reading.check_content(many)
