import functools
import gzip
import struct
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackboard.errors import Unavailable, UsageError
from trackboard.inside import mnist as reader
from trackboard.inside.mnist import FILES, DataSet, read_data_sets


@pytest.fixture
def mirror(mnist: Path) -> Iterator[str]:
    """The files behind an address."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(mnist))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_parts(mnist: Path) -> None:
    data = read_data_sets(mnist, validation_size=10)
    assert [part.num_examples for part in data] == [20, 10, 20]
    assert data.train.images.shape == (20, 784)
    assert data.train.images.dtype == np.float32
    assert data.train.labels.tolist() == [*range(10)] * 2
    assert data.validation.labels.tolist() == [*range(10)]
    np.testing.assert_allclose(data.train.images[:, 7], np.arange(10, 30) / 255, rtol=1e-6)


def test_labels_as_rows(mnist: Path) -> None:
    data = read_data_sets(str(mnist), one_hot=True, validation_size=0)
    assert data.test.labels.shape == (20, 10)
    assert (data.test.labels.argmax(axis=1) == np.arange(20) % 10).all()
    assert (data.test.labels.sum(axis=1) == 1).all()


class _Dtype:
    name = "uint8"  # as TensorFlow's have it


@pytest.mark.parametrize("dtype", ["uint8", np.uint8, np.dtype("uint8"), _Dtype()])
def test_bytes_as_they_are(dtype: object, mnist: Path) -> None:
    data = read_data_sets(mnist, dtype=dtype, reshape=False, validation_size=10)
    assert data.train.images.shape == (20, 28, 28, 1)
    assert data.train.images.dtype == np.uint8
    assert data.train.images[0, 0, 0, 0] == 10


def test_files_that_are_unpacked(mnist: Path) -> None:
    for name, new in zip(FILES, ("-idx", ".idx", "-idx", ".idx"), strict=True):
        packed = mnist / name
        plain = mnist / name.removesuffix(".gz").replace("-idx", new)
        plain.write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    assert read_data_sets(mnist, validation_size=0).train.num_examples == 30


def test_fake_data_needs_no_file(tmp_path: Path) -> None:
    data = read_data_sets(tmp_path / "nothing", fake_data=True, one_hot=True)
    images, labels = data.train.next_batch(3, fake_data=True)
    assert images.tolist() == [[1.0] * 784] * 3
    assert labels.tolist() == [[1.0] + [0.0] * 9] * 3
    assert data.test.num_examples == 10_000
    images, labels = read_data_sets("nowhere", fake_data=True).test.next_batch(2, fake_data=True)
    assert labels.tolist() == [0, 0]


def test_missing_files_are_downloaded_once(
    mirror: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "folder"
    data = read_data_sets(folder, validation_size=0, source_url=mirror)
    assert data.train.num_examples == 30
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert capsys.readouterr().err.count("[trackboard] downloading http://127.0.0.1") == 4
    read_data_sets(folder, validation_size=0, source_url="http://127.0.0.1:9/")


def test_a_second_mirror_is_asked(
    mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MIRRORS", ("http://127.0.0.1:9/", f"{mirror}/"))
    assert read_data_sets(tmp_path / "new", validation_size=0).test.num_examples == 20


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense"])
def test_no_network_says_which_files_to_put_where(address: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        read_data_sets(tmp_path / "there", source_url=address)
    for part in (*FILES, str(tmp_path / "there"), f"{address}/{FILES[0]}"):
        assert part in str(caught.value)
    assert not [*tmp_path.glob("there/*")], "nothing half is left"


def _unpacked(data: bytes) -> bytes:
    return gzip.decompress(data)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: data[:-9], "end-of-stream|CRC|ended"),
        (lambda _: b"<html>no such file</html>", "magic number"),
        (lambda _: b"", "0 bytes"),
        (lambda data: gzip.compress(_unpacked(data) + b"x"), "23521 bytes follow"),
        (lambda data: gzip.compress(struct.pack(">I", 2049) + _unpacked(data)[4:]), "is 2049"),
    ],
)
def test_damaged_files_are_named(damage: object, why: str, mnist: Path) -> None:
    path = mnist / FILES[0]
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UsageError, match=why) as caught:
        read_data_sets(mnist)
    assert str(path) in str(caught.value)
    assert "Remove it" in str(caught.value)


def test_wrong_arguments(mnist: Path) -> None:
    with pytest.raises(UsageError, match=r"validation_size=31.*30 training"):
        read_data_sets(mnist, validation_size=31)
    with pytest.raises(UsageError, match="float64"):
        read_data_sets(mnist, dtype="float64")
    with pytest.raises(UsageError, match="labels"):
        DataSet(np.zeros((2, 1)), np.zeros(3))
    with pytest.raises(UsageError, match="no examples"):
        DataSet(np.zeros((0, 1)), np.zeros(0)).next_batch(1)


def test_its_order_is_its_own(mnist: Path) -> None:
    def order(seed: int | None) -> list[int]:
        return list(
            read_data_sets(mnist, validation_size=0, seed=seed).test.next_batch(20)[0][:, 0]
        )

    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    assert order(7) == order(7) != order(8)
    assert np.random.rand() == expected, "the script's own random numbers are as without us"


@given(
    count=st.integers(1, 40), sizes=st.lists(st.integers(0, 90), max_size=12), shuffle=st.booleans()
)
def test_batches_go_round(count: int, sizes: list[int], shuffle: bool) -> None:
    numbers = np.arange(count, dtype=np.uint8)
    data = DataSet(numbers[:, None], numbers, dtype="uint8")
    given_out: list[int] = []
    for size in sizes:
        images, labels = data.next_batch(size, shuffle=shuffle)
        assert images[:, 0].tolist() == labels.tolist(), "an image keeps its label"
        assert len(labels) == size
        given_out += labels.tolist()
        assert data.epochs_completed == max(0, len(given_out) - 1) // count
    for start in range(0, len(given_out) - count + 1, count):
        epoch = given_out[start : start + count]
        assert sorted(epoch) == [*range(count)], "everything once in each round"
        assert shuffle or epoch == [*range(count)]
