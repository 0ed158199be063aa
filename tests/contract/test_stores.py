"""Every store that we ship, held against the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.ports import Store
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore
from trackboard.testing.store_contract import Opener, SharedStoreContract, StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestSqlite(SharedStoreContract):
    network_folder = False

    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Opener:
        path = tmp_path / "a folder" / "trackboard.db"
        path.parent.mkdir()
        return lambda: open_sqlite(path, network_folder=self.network_folder)

    @pytest.fixture
    def store(self, open_store: Opener) -> Iterator[Store]:
        store = open_store()
        yield store
        store.close()


class TestSqliteInNetworkFolder(TestSqlite):
    network_folder = True
