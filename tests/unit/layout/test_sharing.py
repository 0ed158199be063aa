import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.other_users import folder_for_everybody

from trackboard.layout import (
    describe_others,
    group_name,
    make_folder,
    make_workspace_folder,
    open_file,
    owner_name,
    set_sharing,
)

as_root = pytest.mark.requires("root")  # nobody else can give a folder away
SECRETS = ["jobs/1/plan.json", "boards/7.json", "ray/probe-1", "board-token-0"]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def _umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:  # noqa: ARG001 - made before
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace's folder that an older trackboard made, with files of every kind."""
    folder = tmp_path / ".trackboard" / "default"
    for name in ["trackboard.db", "spool/w/0.seg", "jobs/1/handle", *SECRETS]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600 if name in SECRETS else 0o644)
    (folder / "jobs" / "1" / "run.sh").touch(0o755)
    folder.chmod(0o755)
    return folder


@pytest.mark.usefixtures("_umask")
def test_a_new_workspace_is_its_owners(tmp_path: Path) -> None:
    folder = tmp_path / "default"
    assert make_workspace_folder(folder)
    assert mode_of(folder) == 0o700
    folder.chmod(0o750)
    assert not make_workspace_folder(folder)
    assert mode_of(folder) == 0o750


def test_a_new_workspace_is_its_owners_in_a_teams_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    make_workspace_folder(tmp_path / "default")
    assert mode_of(tmp_path / "default") == 0o700


def test_shared_it_is_the_groups_as_a_whole(folder: Path) -> None:
    assert set_sharing(folder, shared=True)
    assert mode_of(folder) == 0o2770
    for inside, _, names in os.walk(folder):
        assert mode_of(Path(inside)) == 0o2770
        for name in names:
            path = Path(inside, name)
            wanted = 0o600 if str(path.relative_to(folder)) in SECRETS else 0o660
            assert mode_of(path) == (0o770 if name == "run.sh" else wanted), path
    assert (folder / "lock").exists()
    assert not set_sharing(folder, shared=True)


def test_what_is_made_in_it_then_is_the_groups(folder: Path) -> None:
    set_sharing(folder, shared=True)
    make_folder(folder / "spool" / "v")
    os.close(open_file(folder / "spool" / "v" / "0.seg", os.O_WRONLY | os.O_CREAT))
    assert mode_of(folder / "spool" / "v") == 0o2770
    assert mode_of(folder / "spool" / "v" / "0.seg") == 0o660


def test_taken_back_it_is_closed_to_all_others(folder: Path) -> None:
    set_sharing(folder, shared=True)
    assert set_sharing(folder, shared=False)
    assert mode_of(folder) == 0o700
    assert not set_sharing(folder, shared=False)
    assert set_sharing(folder, shared=True)


def test_a_way_leads_to_it(folder: Path) -> None:
    folder.parent.chmod(0o700)
    set_sharing(folder, shared=True)
    assert mode_of(folder.parent) == 0o711


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch(0o600)
    (folder / "link").symlink_to(outside)
    set_sharing(folder, shared=True)
    assert mode_of(outside) == 0o600


def test_a_file_system_without_modes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("its mount decides for all files")

    monkeypatch.setattr("os.chmod", refuse)
    monkeypatch.setattr("os.fchmod", refuse)
    assert make_workspace_folder(tmp_path / "new")
    assert not set_sharing(folder, shared=True)
    assert not set_sharing(folder, shared=False)
    assert not (folder / "lock").exists()


@as_root
def test_given_to_another_group_all_of_it_is(folder: Path) -> None:
    set_sharing(folder, shared=True)
    os.chown(folder, -1, 4711)
    assert set_sharing(folder, shared=True)
    assert (folder / "spool" / "w" / "0.seg").stat().st_gid == 4711
    assert mode_of(folder) == 0o2770


@as_root
def test_what_another_user_made_stays_as_it_is(folder: Path) -> None:
    os.chown(folder / "spool" / "w" / "0.seg", 4711, 4711)
    set_sharing(folder, shared=True)
    assert mode_of(folder / "spool" / "w" / "0.seg") == 0o644
    os.chown(folder, 4711, 4711)
    assert not set_sharing(folder, shared=False)
    assert mode_of(folder) == 0o2770


def test_who_else_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "default"
    make_workspace_folder(folder)
    assert describe_others(folder) == ""
    folder.chmod(0o755)
    tmp_path.chmod(0o700)
    assert describe_others(folder) == ""  # nobody comes that far


@as_root
def test_who_else_may_read_where_a_way_leads() -> None:
    with folder_for_everybody() as folder:
        assert describe_others(folder) == "every user of this machine"
        folder.chmod(0o750)
        os.chown(folder, -1, 4711)
        assert describe_others(folder) == "the group 4711"
        assert (owner_name(folder), group_name(folder)) == ("root", "4711")
