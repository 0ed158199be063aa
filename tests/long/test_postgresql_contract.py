"""The whole contract of a store, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.postgresql_cluster import open_empty, url_of

from trackboard.ports import Store
from trackboard.stores import open_postgresql
from trackboard.testing.store_contract import Opener, SharedStoreContract

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("postgresql")]


class TestPostgresql(SharedStoreContract):
    @pytest.fixture
    def open_store(self, postgresql: str) -> Opener:
        return lambda: open_postgresql(url_of(postgresql))

    @pytest.fixture
    def store(self, postgresql: str) -> Iterator[Store]:
        store = open_empty(postgresql)
        yield store
        store.close()
