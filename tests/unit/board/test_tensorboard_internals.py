"""TensorBoard's app made our way answers as the stock one does, and never loads TensorFlow."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard import assets, default, errors, program
from tensorboard.backend import application
from werkzeug.test import Client

from trackboard.board import tensorboard_internals as internals

STUB = "tensorboard.compat.tensorflow_stub.io.gfile\n"


@pytest.fixture(scope="module")
def stock() -> Client:
    """What `tensorboard` itself serves."""
    internals.hide_tensorflow()
    board = program.TensorBoard(plugins=default.get_plugins())
    board.configure(logdir="nowhere")
    app = application.TensorBoardWSGIApp(
        board.flags, board.plugin_loaders, object(), board.assets_zip_provider
    )
    return Client(app)


@pytest.fixture(scope="module")
def ours() -> Client:
    return Client(internals.build_app(object(), logdir="nowhere"))


def asset_paths() -> list[str]:
    provider: Callable[[], Any] = assets.get_default_assets_zip_provider()
    with provider() as file, zipfile.ZipFile(file) as zipped:
        return [entry.filename for entry in zipped.infolist() if not entry.is_dir()]


@pytest.mark.parametrize("accepts", ["gzip", "identity"])
def test_every_file_is_answered_as_by_tensorboard(
    stock: Client, ours: Client, accepts: str
) -> None:
    paths = asset_paths()
    assert "index.js" in paths
    for path in ["", *paths, "no-such.js", "index.js/", "experiment/x/chart_worker.js"]:
        expected = stock.get(f"/{path}", headers={"Accept-Encoding": accepts})
        answer = ours.get(f"/{path}", headers={"Accept-Encoding": accepts})
        assert answer.status == expected.status, path
        if accepts == "identity":
            assert answer.data == expected.data, path
        without_length = [h for h in answer.headers if h[0] != "Content-Length"]
        assert without_length == [h for h in expected.headers if h[0] != "Content-Length"], path


def test_what_is_handed_out_as_gzip_can_be_unpacked(ours: Client) -> None:
    import gzip

    for path in asset_paths():
        packed = ours.get(f"/{path}", headers={"Accept-Encoding": "gzip"})
        if packed.headers.get("Content-Encoding") == "gzip":
            plain = ours.get(f"/{path}", headers={"Accept-Encoding": "identity"})
            assert gzip.decompress(packed.data) == plain.data, path  # checks size and checksum too


def test_scripts_with_their_hash_may_be_cached(stock: Client, ours: Client) -> None:
    path = "/index.js?_file_hash=1"
    expected = stock.get(path).headers["Cache-Control"]
    assert ours.get(path).headers["Cache-Control"] == expected
    assert "max-age" in expected


def test_tensorflow_is_not_loaded_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    code = (
        "from trackboard.board import tensorboard_internals as i;"
        "i.build_app(object(), logdir='nowhere');"
        "from tensorboard.compat import tf; print(tf.io.gfile.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, STUB), done


def test_only_tensorboards_word_for_missing_counts_as_missing() -> None:
    assert internals.is_not_found(errors.NotFoundError("x"))
    assert not internals.is_not_found(KeyError("x"))
