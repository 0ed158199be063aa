"""The MNIST reader that TensorFlow 1 had among its tutorials: four files of digits, as numpy arrays.

The files are those of the data set's authors, in their IDX format: a big-endian magic number (2051 for
images, 2049 for labels), the number of items, for images also rows and columns, then one byte per pixel
or label. They are read packed or unpacked, and downloaded when they are missing.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import sys
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Tuple, Union

from trackboard.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["DataSet", "Datasets", "load_mnist", "read_data_sets"]

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_IMAGES, _LABELS = 2051, 2049
_CLASSES = 10
_PIXELS = 28 * 28
_FAKE_EXAMPLES = 10_000
_TIMEOUT_S = 20.0


class DataSet:
    """Images and their labels, given out in batches.

    Args:
        images: Bytes: examples, rows, columns, 1.
        labels: As many, as numbers or as rows with a single 1.
        fake_data: It holds nothing, and gives out batches that all look the same.
        one_hot: Whether labels of fake data are rows with a single 1.
        dtype: "float32": pixels become 0 to 1; "uint8": they stay 0 to 255.
        reshape: Whether an image becomes one row of pixels.
        seed: Of the order of examples; None: a different one each time.
    """

    def __init__(
        self,
        images: Array,
        labels: Array,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = "float32",
        reshape: bool = True,
        seed: Optional[int] = None,
    ) -> None:
        import numpy as np

        self.one_hot = one_hot
        self._images, self._labels = images, labels
        self._num_examples = _FAKE_EXAMPLES
        kind = _name_of(dtype)
        if not fake_data:
            if len(images) != len(labels):
                raise UsageError(f"there are {len(images)} images and {len(labels)} labels")
            self._num_examples = len(images)
            if reshape:
                self._images = images.reshape(len(images), math.prod(images.shape[1:]))
            if kind == "float32":
                self._images = np.multiply(self._images, np.float32(1 / 255), dtype=np.float32)
        self._random = np.random.RandomState(seed)  # nobody else's numbers change by ours
        self._order = np.arange(self._num_examples)
        self._next = 0
        self._epochs_completed = 0

    @property
    def images(self) -> Array:
        """All of its images."""
        return self._images

    @property
    def labels(self) -> Array:
        """All of its labels."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all of them have been given out, and another one was asked for."""
        return self._epochs_completed

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> Tuple[Array, Array]:
        """Give out the next examples, going round at the end.

        Args:
            batch_size: How many.
            fake_data: Give images of ones, all labelled 0, instead.
            shuffle: Whether each round has an order of its own.
        """
        import numpy as np

        if fake_data:
            return _fake_batch(batch_size, one_hot=self.one_hot)
        if not self._num_examples:
            raise UsageError("there are no examples to make a batch of")
        if shuffle and self._next == 0 and self._epochs_completed == 0:
            self._random.shuffle(self._order)
        parts: List[Array] = [self._order[:0]]
        missing = batch_size
        while missing > 0:
            if self._next == self._num_examples:
                self._epochs_completed += 1
                self._next = 0
                if shuffle:
                    self._random.shuffle(self._order)
            part = self._order[self._next : self._next + missing].copy()
            self._next += len(part)
            missing -= len(part)
            parts.append(part)
        chosen = np.concatenate(parts)
        return self._images[chosen], self._labels[chosen]


class Datasets(NamedTuple):
    """The three parts of the data."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: Union[str, os.PathLike[str]],
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = "float32",
    reshape: bool = True,
    validation_size: int = 5000,
    seed: Optional[int] = None,
    source_url: str = "",
) -> Datasets:
    """Read MNIST, and download it first when it is not there.

    Args:
        train_dir: The folder of the four files; made when it is missing.
        fake_data: Read nothing, and give out made-up batches.
        one_hot: Whether a label is a row with a single 1 instead of a number.
        dtype: Of the images: "float32" from 0 to 1, or "uint8" from 0 to 255.
        reshape: Whether an image becomes one row of pixels.
        validation_size: How many of the training images are kept for validation.
        seed: Of the order of examples; None: a different one each time.
        source_url: Where to download from; empty: from the known mirrors.

    Raises:
        UsageError: A file is no such file, or an argument is wrong.
        Unavailable: A file is missing and cannot be downloaded.
    """
    if fake_data:
        return _fake_sets(one_hot, dtype, seed)
    _name_of(dtype)  # wrong ones are said before anything is downloaded
    folder = Path(os.path.expanduser(train_dir))
    mirrors = (source_url.rstrip("/") + "/",) if source_url else MIRRORS
    paths = [_find(folder, name, mirrors) for name in FILES]
    train_images, test_images = read_images(paths[0]), read_images(paths[2])
    train_labels, test_labels = read_labels(paths[1], one_hot), read_labels(paths[3], one_hot)
    if not 0 <= validation_size <= len(train_images):
        raise UsageError(
            f"validation_size={validation_size}, but there are {len(train_images)} training images",
            hint=f"It is 0 to {len(train_images)}.",
        )

    def make(images: Array, labels: Array) -> DataSet:
        return DataSet(images, labels, one_hot=one_hot, dtype=dtype, reshape=reshape, seed=seed)

    return Datasets(
        train=make(train_images[validation_size:], train_labels[validation_size:]),
        validation=make(train_images[:validation_size], train_labels[:validation_size]),
        test=make(test_images, test_labels),
    )


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """Read MNIST with all of its defaults."""
    return read_data_sets(train_dir)


def read_images(path: Path) -> Array:
    """The images of a file: examples, rows, columns, 1."""
    import numpy as np

    data = _unpack(path)
    if len(data) < 16:
        raise _damaged(path, f"it has {len(data)} bytes")
    magic, count, rows, columns = struct.unpack(">IIII", data[:16])
    _check(path, magic, _IMAGES, len(data) - 16, count * rows * columns)
    return np.frombuffer(data, np.uint8, offset=16).reshape(count, rows, columns, 1)


def read_labels(path: Path, one_hot: bool = False) -> Array:
    """The labels of a file, as numbers, or as rows with a single 1."""
    import numpy as np

    data = _unpack(path)
    if len(data) < 8:
        raise _damaged(path, f"it has {len(data)} bytes")
    magic, count = struct.unpack(">II", data[:8])
    _check(path, magic, _LABELS, len(data) - 8, count)
    labels = np.frombuffer(data, np.uint8, offset=8)
    if labels.size and int(labels.max()) >= _CLASSES:
        raise _damaged(path, f"it has the label {int(labels.max())}")
    return np.eye(_CLASSES)[labels] if one_hot else labels


def _find(folder: Path, name: str, mirrors: Tuple[str, ...]) -> Path:
    plain = name[: -len(".gz")]
    for path in (folder / name, folder / plain, folder / plain.replace("-idx", ".idx")):
        if path.is_file():
            return path
    path = folder / name
    refusals: List[str] = []
    for mirror in mirrors:
        try:
            _download(mirror + name, path)
        except (OSError, ValueError) as exc:  # ValueError: what is no address
            refusals.append(f"  {mirror + name}: {exc}")
            continue
        return path
    raise Unavailable(
        f"{name} is not in {os.path.abspath(folder)} and cannot be downloaded:\n"
        + "\n".join(refusals),
        hint=f"Put these files into that folder, then submit again: {', '.join(FILES)}.",
    )


def _download(address: str, path: Path) -> None:
    """Download a file aside; it has its name when it is whole, for all processes that want it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _print_line(f"downloading {address} to {os.path.abspath(path.parent)}")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
            data = answer.read()
            length = answer.headers.get("Content-Length")
        if length is not None and int(length) != len(data):
            raise ConnectionError(f"{len(data)} of {length} bytes came")
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        if temporary.exists():
            temporary.unlink()


def _unpack(path: Path) -> bytes:
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as exc:
        raise _damaged(path, str(exc)) from exc


def _check(path: Path, magic: int, right: int, there: int, wanted: int) -> None:
    if magic != right:
        raise _damaged(path, f"its magic number is {magic}, not {right}")
    if there != wanted:
        raise _damaged(path, f"{there} bytes follow its head, which says {wanted}")


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{os.path.abspath(path)} is no file of MNIST: {why}",
        hint="Remove it, and it is downloaded anew.",
    )


def _fake_sets(one_hot: bool, dtype: Any, seed: Optional[int]) -> Datasets:
    import numpy as np

    def fake() -> DataSet:
        nothing = np.empty(0, np.uint8)
        return DataSet(nothing, nothing, True, one_hot, dtype, seed=seed)

    return Datasets(fake(), fake(), fake())


def _fake_batch(batch_size: int, *, one_hot: bool) -> Tuple[Array, Array]:
    import numpy as np

    images = np.ones((batch_size, _PIXELS), np.float32)
    labels = np.zeros(batch_size, np.uint8)
    return images, np.eye(_CLASSES)[labels] if one_hot else labels


def _name_of(dtype: Any) -> str:
    """The name of a type of numpy or TensorFlow: both have one."""
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None)
    name = name or getattr(dtype, "__name__", repr(dtype))
    if name not in ("float32", "uint8"):
        raise UsageError(f"dtype={name!r} is not possible for images", hint="Use float32 or uint8.")
    return str(name)


def _print_line(text: str) -> None:
    sys.stderr.write(f"[trackboard] {text}\n")
    sys.stderr.flush()
