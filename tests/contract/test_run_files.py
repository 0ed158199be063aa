"""All run files that we ship, held against the contract."""

from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.ingest import FolderRunFiles
from trackboard.layout import WorkspacePaths
from trackboard.ports import PlainFile
from trackboard.testing.memory import MemoryRunFiles
from trackboard.testing.run_files_contract import R, RunFilesContract


class TestMemoryRunFiles(RunFilesContract):
    @pytest.fixture
    def files(self) -> MemoryRunFiles:
        return MemoryRunFiles()


class TestFolderRunFiles(RunFilesContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> FolderRunFiles:
        return FolderRunFiles(WorkspacePaths(tmp_path))

    def test_only_plain_files_of_the_run_are_listed(
        self, files: FolderRunFiles, tmp_path: Path
    ) -> None:
        files.write(R, "a", 0, b"x")
        (tmp_path / "runs" / R / "link").symlink_to("/etc/passwd")
        (tmp_path / "runs" / R / "folder").symlink_to("/etc")
        assert files.list(R) == (PlainFile("a", 1),)

    def test_a_workspace_that_was_deleted_is_not_made_again(self, tmp_path: Path) -> None:
        files = FolderRunFiles(WorkspacePaths(tmp_path / "gone"))
        with pytest.raises(Unavailable, match="No such file"):
            files.write(R, "a", 0, b"x")
        with pytest.raises(Unavailable, match="No such file"):
            files.remove(R, "a")
        assert not (tmp_path / "gone").exists()
