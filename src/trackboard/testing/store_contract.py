"""The suite that every store is held against.

Subclass it where pytest collects, with a fixture `store` that gives an empty store and closes it:

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self) -> Iterator[Store]:
            ...

`SharedStoreContract` is for stores that several processes share: it asks for a fixture `open_store`, a
function that opens the same store again, also in a forked child. It needs pytest, and forks.
"""

from __future__ import annotations

from trackboard.testing.store.catalogue import EnvironmentContract, SavedViewContract
from trackboard.testing.store.condition import ConditionContract
from trackboard.testing.store.describing import DescribingContract
from trackboard.testing.store.experiment import ExperimentContract
from trackboard.testing.store.limits import LimitsContract
from trackboard.testing.store.model import ModelContract
from trackboard.testing.store.query import QueryContract
from trackboard.testing.store.queue import QueueContract
from trackboard.testing.store.run import RunContract
from trackboard.testing.store.series import SeriesContract
from trackboard.testing.store.sharing import Opener, SharingContract, ThreadContract
from trackboard.testing.store.stream import StreamContract
from trackboard.testing.store.text_order import TextOrderContract
from trackboard.testing.store.trash import TrashContract
from trackboard.testing.store.writer import WriterContract

__all__ = ["Opener", "SharedStoreContract", "StoreContract"]


class StoreContract(
    StreamContract,
    WriterContract,
    RunContract,
    ExperimentContract,
    DescribingContract,
    QueryContract,
    ConditionContract,
    SeriesContract,
    QueueContract,
    ModelContract,
    EnvironmentContract,
    SavedViewContract,
    TrashContract,
    LimitsContract,
    TextOrderContract,
    ThreadContract,
):
    """What a store in one process promises."""


class SharedStoreContract(StoreContract, SharingContract):
    """What a store that several processes share promises as well."""
