from pathlib import Path

import pytest

from trackboard.layout import FileSystem, find_file_system, is_network_folder


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ext4", FileSystem.LOCAL),
        ("overlay", FileSystem.LOCAL),
        ("nfs4", FileSystem.NETWORK),
        ("fuse.sshfs", FileSystem.NETWORK),
        ("9p", FileSystem.NETWORK),
        ("virtiofs", FileSystem.UNKNOWN),
        ("fuse.something", FileSystem.UNKNOWN),
    ],
)
def test_only_what_is_known_to_be_local_is_local(
    tmp_path: Path, kind: str, expected: FileSystem
) -> None:
    mounts = tmp_path / "mounts"
    there = tmp_path / "with space"
    there.mkdir()
    point = str(there).replace(" ", "\\040")
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {point} {kind} rw 0 0\n")
    assert find_file_system(there / "not" / "there", mounts=mounts) is expected
    assert find_file_system(tmp_path, mounts=mounts) is FileSystem.LOCAL


def test_of_two_mounts_at_one_point_the_later_counts(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"a {tmp_path} ext4 rw 0 0\nb {tmp_path} nfs rw 0 0\n")
    assert find_file_system(tmp_path, mounts=mounts) is FileSystem.NETWORK


def test_the_table_of_macos_says_what_is_local(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    disk, share, odd = (tmp_path / name for name in ("disk (1)", "share", "odd"))
    for folder in (disk, share, odd):
        folder.mkdir()
    mounts.write_text(
        f"/dev/disk3s1 on {disk} (apfs, local, journaled)\n"
        f"//ana@server/x on {share} (smbfs, nodev, nosuid, mounted by ana)\n"
        f"odd on {odd} (macfuse, nodev)\n"
    )
    assert find_file_system(disk, mounts=mounts) is FileSystem.LOCAL
    assert find_file_system(share, mounts=mounts) is FileSystem.NETWORK
    assert find_file_system(odd, mounts=mounts) is FileSystem.UNKNOWN


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path) -> None:
    assert find_file_system(tmp_path, mounts=tmp_path / "absent") is FileSystem.UNKNOWN
    assert not is_network_folder(tmp_path, mounts=tmp_path / "absent")


def test_this_machine_tells(tmp_path: Path) -> None:
    assert find_file_system(tmp_path) in FileSystem
