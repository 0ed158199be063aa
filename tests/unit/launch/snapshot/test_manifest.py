"""Manifests from others: nothing is written outside of the folder that they are restored to."""

import hashlib
import io
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackboard.blobs import open_folder
from trackboard.errors import Conflict, InternalError, NotFound, TrackboardError, UsageError
from trackboard.launch.snapshot.manifest import (
    FileEntry,
    LinkEntry,
    Manifest,
    load_manifest,
    restore,
    save_manifest,
)
from trackboard.ports import Blobs

EVIL_PATHS: Final = (
    *("", ".", "..", "/", "/etc/cron.d/evil", "../evil", "../../../../evil", "a/../../evil"),
    *("a/..", "./a", "a//b", "a/", "a/./b", "a\0b", "//evil"),
)


def _entries(path: str) -> Mapping[str, Mapping[str, Any]]:
    return {
        "files": {"files": [{"path": path, "mode": 0o644, "size_bytes": 0, "key": "k"}]},
        "links": {"links": [{"path": path, "target": "a"}]},
        "folders": {"folders": [path]},
    }


def _encoded(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({"format": 1, "files": [], "links": [], "folders": [], **fields}).encode()


@pytest.mark.parametrize("kind", ["files", "links", "folders"])
@pytest.mark.parametrize("path", EVIL_PATHS)
def test_evil_paths_are_refused(path: str, kind: str) -> None:
    with pytest.raises(UsageError, match="leads out of its folder"):
        Manifest.decode(_encoded(_entries(path)[kind]))


def _file(path: str, key: str = "k", mode: int = 0o644) -> FileEntry:
    return FileEntry(path, mode, 0, key)


@pytest.mark.parametrize(
    ("files", "links", "folders"),
    [
        (["a", "a"], [], []),
        (["a"], ["a"], []),
        (["a"], [], ["a"]),
        ([], ["a"], ["a"]),
        (["a", "a/b"], [], []),
        (["a/b/c"], ["a"], []),  # written through the link
        (["a/b/c"], ["a/b"], []),
        ([], ["a", "a/b"], []),
        ([], ["a"], ["a/b"]),
        ([], [], ["a", "a/b"]),  # the first is not empty
        ([], [], ["a", "a"]),
    ],
)
def test_one_path_is_one_thing(files: list[str], links: list[str], folders: list[str]) -> None:
    with pytest.raises(UsageError, match=r"'a(/b)?' of a snapshot is that of several things"):
        Manifest(
            tuple(map(_file, files)),
            tuple(LinkEntry(path, "/tmp") for path in links),
            tuple(folders),
        )


def test_deep_paths_are_looked_at_once() -> None:
    deep = "/".join("a" * 2_000)
    Manifest(tuple(_file(f"{deep}/{number}") for number in range(500)))


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return open_folder(tmp_path / "blobs")


@pytest.mark.parametrize("mode", [0o6755, 0o4777, 0o7000, 0o107644])
def test_no_file_becomes_another_users(mode: int, blobs: Blobs, tmp_path: Path) -> None:
    key, _ = blobs.put(io.BytesIO(b"x"))
    made = Manifest((_file("a", key, mode),))
    for number, manifest in enumerate((made, Manifest.decode(made.encode()))):
        restore(blobs, manifest, tmp_path / str(number))
        assert stat.S_IMODE((tmp_path / str(number) / "a").stat().st_mode) == mode & 0o777


@pytest.mark.parametrize("target", ["/etc", "..", "../../x", "a/../../..", "/nowhere/at/all"])
def test_links_that_lead_out_are_left_out(target: str, blobs: Blobs, tmp_path: Path) -> None:
    restore(blobs, Manifest(links=(LinkEntry("l", target), LinkEntry("m", "l"))), tmp_path / "it")
    assert os.listdir(tmp_path / "it") == ["m"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 100_000,
        _encoded({"files": [{"path": "a"}]}),
        _encoded({"files": [{"path": "a", "mode": "x", "size_bytes": 1, "key": "k"}]}),
        _encoded({"files": [{"path": "a", "mode": 1, "size_bytes": -1, "key": "k"}]}),
        _encoded({"files": [{"path": 5, "mode": 1, "size_bytes": 1, "key": "k"}]}),
        _encoded({"files": [{"path": "a", "mode": 1, "size_bytes": 1, "key": None}]}),
        _encoded({"links": [{"path": "a", "target": 1}]}),
        _encoded({"folders": [None]}),
        _encoded({"folders": 5}),
        _encoded({"folders": ["\ud800"]}),
    ],
)
def test_damaged_ones_are_said_to_be_so(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="damaged"):
        Manifest.decode(data)
    digest = hashlib.sha256(data).hexdigest()
    (tmp_path / f"{digest}.json").write_bytes(data)
    with pytest.raises(InternalError, match="damaged"):
        load_manifest(tmp_path, digest)


def test_one_of_a_newer_trackboard() -> None:
    with pytest.raises(Conflict, match="format 2"):
        Manifest.decode(_encoded({"format": 2}))


@pytest.mark.parametrize("digest", ["", "../x", "a" * 64 + "/../x", "\0", "A" * 64, "0" * 64])
def test_digests_that_are_none(digest: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_manifest(tmp_path, digest)


def test_a_pipe_in_place_of_one_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{'0' * 64}.json")
    with pytest.raises(UsageError, match="is a pipe"):
        load_manifest(tmp_path, "0" * 64)


_PARTS = st.lists(st.sampled_from(["..", ".", "", "a", "b", "c", "/"]), max_size=4).map("/".join)


@given(
    st.lists(_PARTS, max_size=4),
    st.lists(
        st.tuples(_PARTS, st.sampled_from(["..", "/", "a", "../..", "b/..", "."])), max_size=3
    ),
    st.lists(_PARTS, max_size=2),
)
def test_whatever_is_restored_stays_inside(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[str],
    links: list[tuple[str, str]],
    folders: list[str],
) -> None:
    base = tmp_path_factory.mktemp("any")
    store = open_folder(base / "blobs")
    key, _ = store.put(io.BytesIO(b"x"))
    (base / "x" / "y").mkdir(parents=True)
    try:
        manifest = Manifest(
            tuple(_file(path, key) for path in files),
            tuple(LinkEntry(*link) for link in links),
            tuple(folders),
        )
        digest = save_manifest(base / "snapshots", manifest)
        restore(store, load_manifest(base / "snapshots", digest), base / "x" / "y" / "it")
    except TrackboardError:
        pass
    assert set(os.listdir(base)) <= {"blobs", "snapshots", "x"}
    assert os.listdir(base / "x") == ["y"]
    assert set(os.listdir(base / "x" / "y")) <= {"it"}
    top = os.path.realpath(base / "x" / "y" / "it")
    for at, inner, names in os.walk(top):
        for name in (*inner, *names):
            assert os.path.realpath(os.path.join(at, name)).startswith(top)
