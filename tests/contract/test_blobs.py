"""Every kind of blobs that we ship, held against the contract."""

from pathlib import Path

import pytest

from trackboard.blobs import open_folder
from trackboard.ports import Blobs
from trackboard.testing.blobs_contract import BlobsContract, BlobsOpener


class TestFolder(BlobsContract):
    @pytest.fixture
    def open_blobs(self, tmp_path: Path) -> BlobsOpener:
        return lambda: open_folder(tmp_path / "a folder" / "blobs")

    @pytest.fixture
    def blobs(self, open_blobs: BlobsOpener) -> Blobs:
        return open_blobs()
