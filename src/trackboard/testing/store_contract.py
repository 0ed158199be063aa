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

from trackboard.testing.describing_contract import DescribingContract
from trackboard.testing.environment_contract import EnvironmentContract
from trackboard.testing.experiment_contract import ExperimentContract
from trackboard.testing.limits_contract import LimitsContract
from trackboard.testing.model_contract import ModelContract
from trackboard.testing.query_contract import QueryContract
from trackboard.testing.queue_contract import QueueContract
from trackboard.testing.run_contract import RunContract
from trackboard.testing.series_contract import SeriesContract
from trackboard.testing.sharing_contract import Opener, SharingContract, ThreadContract
from trackboard.testing.stream_contract import StreamContract
from trackboard.testing.writer_contract import WriterContract

__all__ = ["Opener", "SharedStoreContract", "StoreContract"]


class StoreContract(
    StreamContract,
    WriterContract,
    RunContract,
    ExperimentContract,
    DescribingContract,
    QueryContract,
    SeriesContract,
    QueueContract,
    ModelContract,
    EnvironmentContract,
    LimitsContract,
    ThreadContract,
):
    """What a store in one process promises."""


class SharedStoreContract(StoreContract, SharingContract):
    """What a store that several processes share promises as well."""
