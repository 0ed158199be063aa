"""Names that others stored or sent become places within their folder, or none."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackboard.errors import UsageError
from trackboard.layout import WorkspacePaths
from trackboard.layout.safe_paths import (
    given_name,
    given_path,
    leads_inside,
    place_inside,
    safe_path,
)

EVIL = (
    "",
    ".",
    "..",
    "/etc/passwd",
    "../a",
    "a/../../b",
    "a/..",
    "a\0b",
    "\ud800",
    "logs/\udfff\ud800",
)


@pytest.mark.parametrize("path", EVIL)
def test_evil_paths_are_none(path: str, tmp_path: Path) -> None:
    assert safe_path(path) is None
    with pytest.raises(UsageError, match="leads out of its folder"):
        place_inside(tmp_path, path)


@pytest.mark.parametrize(
    "path", ["a", "./a//b/", "a b", "...", "a..", "..a/b", "\udc80", "a\\..\\b", "~"]
)
def test_odd_paths_stay_inside(path: str, tmp_path: Path) -> None:
    assert tmp_path in place_inside(tmp_path, path).parents


@pytest.mark.parametrize("run", [*EVIL, "a/b", "-a", "a" * 300, ".hidden"])
def test_any_text_as_an_id_names_a_folder_of_its_own(run: str, tmp_path: Path) -> None:
    paths = WorkspacePaths(tmp_path)
    for folder, kind in ((paths.run(run), "runs"), (paths.job(run).folder, "jobs")):
        assert folder.parent == tmp_path / kind
        assert folder.name not in ("", ".", "..")
        assert len(os.fsencode(folder.name)) <= 255
    assert paths.run(run) != paths.run(run + "x")


def test_ids_of_runs_are_their_folders(tmp_path: Path) -> None:
    paths = WorkspacePaths(tmp_path)
    assert paths.run("digits_1_ab") == tmp_path / "runs" / "digits_1_ab"
    assert paths.job("a.b-c").folder == tmp_path / "jobs" / "a.b-c"


_PARTS = st.lists(st.sampled_from(["..", ".", "a", "b", "link"]), min_size=1, max_size=6)


@given(_PARTS, st.integers(0, 3), st.booleans())
def test_links_that_stay_inside_do_so_wherever_others_lead(
    parts: list[str], depth: int, is_absolute: bool
) -> None:
    """Followed as the kernel does, with a link `link` in each folder that leads to the top or below."""
    target = "/" * is_absolute + "/".join(parts)
    path = "/".join(["a"] * depth + ["it"])
    if not leads_inside(path, target):
        return
    for leads_to in ([], ["a"], ["a", "b"]):
        at = path.split("/")[:-1]
        for part in parts:
            if part == "..":
                assert at, f"{target} leads out of the folder of {path}"
                at.pop()
            elif part == "link":
                at = [*leads_to]
            elif part != ".":
                at.append(part)


@pytest.mark.parametrize("target", ["", "/", "/etc/passwd", "..", "../..", "a/../../..", "x\0y"])
def test_links_that_lead_out(target: str) -> None:
    assert not leads_inside("it", target)


@pytest.mark.parametrize("target", [".", "a", "a/b", "me@host.1", "..a", "it"])
def test_links_that_stay_inside(target: str) -> None:
    assert leads_inside("it", target)
    assert leads_inside("a/it", f"../{target}")


@pytest.mark.parametrize(
    "path", ["a\0b", "\ud800", "x" * 256, "é" * 128, "y/" * 3_000, "a/" + "x" * 256]
)
def test_what_no_file_can_be_called_is_said(path: str) -> None:
    with pytest.raises(UsageError, match="no file can be called") as caught:
        given_path(path)
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize("path", ["x" * 255, "\udc80", "../a", "/", "", "a b\n", "é" * 127])
def test_any_other_path_is_taken_as_it_is(path: str) -> None:
    assert given_path(path) == Path(path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0", "x" * 256])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UsageError):
        given_name(name)
    assert given_name("a.b") == "a.b"
