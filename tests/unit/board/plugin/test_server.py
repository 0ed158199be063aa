from __future__ import annotations

import argparse
import os
import stat
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackboard.board.plugin.server import ProviderServer
from trackboard.board.tensorboard_internals import ask_provider_at
from trackboard.errors import Unavailable


class Named:
    def list_plugins(self, _ctx: Any, *, experiment_id: str) -> list[str]:
        return [experiment_id]


def socket_of(server: ProviderServer) -> Path:
    return Path(urllib.parse.unquote(server.address.removeprefix("unix:")))


def test_only_its_user_may_reach_the_socket_which_goes_with_it() -> None:
    server = ProviderServer(Named())
    socket = socket_of(server)
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert socket.parent.stat().st_uid == os.geteuid()
    server.close()
    server.close()
    assert not socket.parent.exists()


@pytest.mark.parametrize("name", ["a b%20#?ü", "long" * 40])
def test_the_folder_of_temporary_files_may_be_called_anything(
    through: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:  # pytest's own is a long path already
        folder = Path(short) / name
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        assert through(Named()).list_plugins(None, experiment_id="x") == ["x"]


def test_where_no_socket_can_be_made_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    with pytest.raises(Unavailable, match="no socket can be made in"):
        ProviderServer(Named(), parents=[folder])
    assert [*folder.iterdir()] == [], "nothing is left behind"


def test_flags_say_where_the_socket_is() -> None:
    flags = argparse.Namespace(grpc_data_provider="", grpc_creds_type="local")
    ask_provider_at(flags, "unix:/somewhere")
    assert flags.grpc_data_provider == "unix:/somewhere"
    assert "object at" not in str(flags), "TensorBoard shows its flags to people"
