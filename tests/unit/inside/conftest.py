"""Files of MNIST, made up; and a package that looks like TensorFlow 2 from afar."""

import gzip
import struct
import textwrap
from pathlib import Path

import numpy as np
import pytest


def write_mnist(folder: Path, train: int = 30, test: int = 20) -> None:
    """Write the four files: image n is all n, its label n modulo 10."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("train", train), ("t10k", test)):
        numbers = np.arange(count, dtype=np.uint8)
        images = np.broadcast_to(numbers[:, None], (count, 28 * 28)).tobytes()
        head = struct.pack(">IIII", 2051, count, 28, 28)
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + images))
        labels = struct.pack(">II", 2049, count) + (numbers % 10).tobytes()
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder with the four files."""
    folder = tmp_path / "mnist"
    write_mnist(folder)
    return folder


_FILES = {
    "tensorflow/__init__.py": """
        from tensorflow._api.v2 import compat
        import imported_by_tensorflow
        __version__ = "2.99.0"
        __path__.append(__path__[0] + "/_api/v2")
        name = "version 2"
        only_in_2 = True
        """,
    "tensorflow/python/__init__.py": "",
    "tensorflow/python/ops.py": "import tensorflow",
    "tensorflow/_api/__init__.py": "",
    "tensorflow/_api/v2/__init__.py": "",
    "tensorflow/_api/v2/train/__init__.py": "optimizer = 2",
    "tensorflow/_api/v2/compat/__init__.py": "from tensorflow._api.v2.compat import v1",
    "tensorflow/_api/v2/compat/v1/__init__.py": """
        from tensorflow._api.v2.compat.v1 import compat, train
        name = "version 1"
        placeholder = Session = object()
        is_off = False
        def disable_v2_behavior():
            global is_off
            import logging
            logging.getLogger("tensorflow").warning("nobody can act on this")
            is_off = True
        """,
    "tensorflow/_api/v2/compat/v1/train/__init__.py": "optimizer = 1",
    "tensorflow/_api/v2/compat/v1/compat/__init__.py": "",
    "imported_by_tensorflow.py": "import tensorflow",  # as Keras does
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with a TensorFlow 2 in it."""
    folder = tmp_path / "installed"
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder
