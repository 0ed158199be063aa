"""What preparing a job's environment comes to. A worker's start waits for this."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from trackboard.environments.cache.environment_cache import Lease


class Prepared(NamedTuple):
    """An interpreter that is ready.

    Attributes:
        python: Its path.
        variables: What the job's processes need beside their own variables.
        lease: What keeps a built environment from being removed.
    """

    python: str
    variables: Mapping[str, str] = MappingProxyType({})
    lease: Lease | None = None

    def release(self) -> None:
        """Let others remove it; the end of this process does so, too."""
        if self.lease is not None:
            self.lease.lock.close()
