from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tensorboard.data.server_ingester import ExistingServerDataIngester

from trackboard.board.plugin.server import ProviderServer
from trackboard.board.tensorboard_internals import ask_provider_at


@pytest.fixture
def through() -> Iterator[Callable[[Any], Any]]:
    """A provider as TensorBoard sees it through a socket."""
    servers: list[ProviderServer] = []

    def serve(provider: object) -> Any:
        servers.append(ProviderServer(provider))
        flags = argparse.Namespace()
        ask_provider_at(flags, servers[-1].address)
        ingester = ExistingServerDataIngester(
            flags.grpc_data_provider, channel_creds_type=flags.grpc_creds_type
        )
        return ingester.data_provider

    yield serve
    for server in servers:
        server.close()
