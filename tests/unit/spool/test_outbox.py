"""Complete files on the writing side: where they lie, what follows the writer, what a full disk leaves."""

import errno
import hashlib
import io
import os
import resource
import shutil
import signal
import threading
from pathlib import Path
from types import FrameType

import pytest

from trackboard.errors import Unavailable
from trackboard.layout.paths import OUTBOX
from trackboard.model import FileAdded, RunId, Tagged
from trackboard.spool import SpoolWriter, list_writers
from trackboard.spool.outbox import find_file, list_files
from trackboard.testing.store.sharing import in_children

R = RunId("r")


@pytest.fixture
def spools(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def named(key: str, path: str = "a") -> FileAdded:
    return FileAdded(R, path, key, 1, 1.0)


def kept(spool: Path) -> list[bytes]:
    places = [find_file(spool, key) for key in list_files(spool)]
    return sorted(place.read_bytes() for place in places if place is not None)


def files_below(folder: Path) -> list[str]:
    """All files but those that a spool without an outbox has."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in found if path.suffix != ".seg" and path.name != "alive"]


def test_a_file_lies_under_its_digest(spools: Path) -> None:
    writer = SpoolWriter(spools)
    writer.put_file(io.BytesIO(b"model"))
    digest = hashlib.sha256(b"model").hexdigest()
    assert (spools / writer.writer / OUTBOX / digest).read_bytes() == b"model"
    assert files_below(spools) == [digest]
    writer.close()


def test_who_puts_nothing_has_no_outbox(spools: Path) -> None:
    writer = SpoolWriter(spools)
    writer.append_event(named("sha256:" + "0" * 64))
    assert not (spools / writer.writer / OUTBOX).exists()
    assert list_files(spools / writer.writer) == []
    writer.close()


def test_a_file_has_the_rights_of_the_workspace(spools: Path) -> None:
    spools.mkdir()
    spools.chmod(0o2770)
    writer = SpoolWriter(spools)
    old = os.umask(0o077)
    try:
        key, _ = writer.put_file(io.BytesIO(b"model"))
    finally:
        os.umask(old)
    place = find_file(spools / writer.writer, key)
    assert place is not None
    assert place.stat().st_mode & 0o7777 == 0o660
    assert place.parent.stat().st_mode & 0o7777 == 0o2770
    writer.close()


def test_a_file_that_is_put_again_and_given_up_stays_when_a_record_names_it(spools: Path) -> None:
    writer = SpoolWriter(spools)
    key, _ = writer.put_file(io.BytesIO(b"model"))
    writer.append_event(named(key))
    for count in (1, 2):
        for _ in range(count):
            writer.put_file(io.BytesIO(b"model"))
        for _ in range(count):
            writer.discard_file(key)
            assert kept(spools / writer.writer) == [b"model"]
    writer.discard_file(key)
    assert kept(spools / writer.writer) == [b"model"]
    writer.close()


def test_a_file_that_was_put_twice_goes_when_it_was_given_up_twice(spools: Path) -> None:
    writer = SpoolWriter(spools)
    for _ in range(2):
        key, size = writer.put_file(io.BytesIO(b"model"))
    assert size == 5
    writer.discard_file(key)
    assert kept(spools / writer.writer) == [b"model"]
    writer.discard_file(key)
    assert kept(spools / writer.writer) == []
    writer.close()


# -- the spool that a file is in ------------------------------------------------------------------------


def test_a_file_follows_into_the_next_spool(spools: Path) -> None:
    writer = SpoolWriter(spools)
    key, _ = writer.put_file(io.BytesIO(b"model"))
    former = writer.writer
    writer.close()
    writer.append_event(named(key))
    assert writer.writer not in ("", former)
    assert kept(spools / writer.writer) == [b"model"]
    writer.close()


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_the_former_spool_names_stays_there(
    spools: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    writer = SpoolWriter(spools)
    key, _ = writer.put_file(io.BytesIO(b"model"))
    writer.put_file(io.BytesIO(b"model"))
    writer.append_event(named(key, "a"))
    former = writer.writer
    writer.close()
    writer.append_event(named(key, "b"))
    assert kept(spools / former) == kept(spools / writer.writer) == [b"model"]
    assert files_below(spools) == [key[7:]] * 2
    writer.close()


def test_a_file_that_went_with_its_spool_is_no_file_of_the_run(spools: Path) -> None:
    writer = SpoolWriter(spools)
    key, _ = writer.put_file(io.BytesIO(b"model"))
    former = writer.writer
    writer.close()
    shutil.rmtree(spools / former)  # by a reader, as its writer has ended
    with pytest.raises(Unavailable, match="could not be kept"):
        writer.append_event(named(key))
    again, _ = writer.put_file(io.BytesIO(b"model"))
    writer.append_event(named(again))
    assert kept(spools / writer.writer) == [b"model"]
    writer.close()


def test_a_file_that_a_reader_has_moved_is_named_once_more(spools: Path) -> None:
    writer = SpoolWriter(spools)
    for _ in range(2):
        key, _ = writer.put_file(io.BytesIO(b"model"))
    writer.append_event(named(key, "a"))
    shutil.rmtree(spools / writer.writer / OUTBOX)
    writer.append_event(named(key, "b"))
    former = writer.writer
    writer.put_file(io.BytesIO(b"model"))
    writer.put_file(io.BytesIO(b"model"))
    writer.append_event(named(key, "c"))
    writer.close()
    shutil.rmtree(spools / former)
    writer.append_event(named(key, "d"))
    writer.close()


def test_the_folder_goes_away_while_a_file_is_copied(spools: Path) -> None:
    class Deleting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            shutil.rmtree(spools, ignore_errors=True)
            return super().read(size)

    writer = SpoolWriter(spools)
    writer.append_event(Tagged(R, "k", None))
    former = writer.writer
    with pytest.raises(Unavailable):
        writer.put_file(Deleting(b"model"))
    assert former not in list_writers(spools), "it is not made again"
    key, _ = writer.put_file(io.BytesIO(b"model"))
    writer.append_event(named(key))
    assert kept(spools / writer.writer) == [b"model"]
    writer.close()


def test_the_spool_is_closed_while_a_file_is_copied(spools: Path) -> None:
    writer = SpoolWriter(spools)

    class Closing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            writer.close()
            return super().read(size)

    writer.append_event(Tagged(R, "k", None))
    former = writer.writer
    key, _ = writer.put_file(Closing(b"model"))
    writer.append_event(named(key))
    assert writer.writer != former
    assert kept(spools / writer.writer) == [b"model"]
    assert files_below(spools) == [key[7:]]
    writer.close()


# -- nobody waits, nothing is left ----------------------------------------------------------------------


def test_others_record_while_a_file_is_copied(spools: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            begun.set()
            assert go_on.wait(60)
            return super().read(size)

    writer = SpoolWriter(spools)
    thread = threading.Thread(target=writer.put_file, args=(Slow(b"large"),))
    thread.start()
    try:
        assert begun.wait(60)
        writer.append_float(writer.series(R, "m"), 0, 0, 1.0)
        writer.append_event(Tagged(R, "k", None))
        writer.sync()
        assert kept(spools / writer.writer) == []
    finally:
        go_on.set()
        thread.join()
    assert kept(spools / writer.writer) == [b"large"]
    writer.close()


def test_a_signal_handler_may_put_a_file_while_one_is_copied(spools: Path) -> None:
    writer = SpoolWriter(spools)
    keys = []

    def handle(_number: int, _frame: FrameType | None) -> None:
        keys.append(writer.put_file(io.BytesIO(b"of the handler"))[0])

    class Interrupted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            signal.raise_signal(signal.SIGUSR1)
            return super().read(size)

    former = signal.signal(signal.SIGUSR1, handle)
    try:
        keys.append(writer.put_file(Interrupted(b"of the program"))[0])
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert len(keys) >= 2
    assert kept(spools / writer.writer) == [b"of the handler", b"of the program"]
    writer.close()


def test_an_interrupted_copy_leaves_nothing(spools: Path) -> None:
    class Interrupted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise KeyboardInterrupt(size)

    writer = SpoolWriter(spools)
    with pytest.raises(KeyboardInterrupt):
        writer.put_file(Interrupted(b"x"))
    assert files_below(spools) == []
    writer.close()


def test_a_full_disk_leaves_nothing(spools: Path) -> None:
    def work(_: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        writer = SpoolWriter(spools)
        writer.append_event(Tagged(R, "k", None))
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(Unavailable, match="could not be kept") as caught:
            writer.put_file(io.BytesIO(b"x" * 3_000_000))
        assert caught.value.hint
        assert files_below(spools) == []
        writer.put_file(io.BytesIO(b"x" * 1000))
        assert kept(spools / writer.writer) == [b"x" * 1000]
        writer.close()

    assert in_children(1, work) == [0]


def test_a_disk_that_takes_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file is in the way")
    writer = SpoolWriter(tmp_path / "spool")
    with pytest.raises(Unavailable, match="nothing can be recorded in"):
        writer.put_file(io.BytesIO(b"x"))
    (tmp_path / "spool").unlink()
    key, _ = writer.put_file(io.BytesIO(b"x"))  # it is tried at once
    assert list_files(tmp_path / "spool" / writer.writer) == [key]
    writer.close()


@pytest.mark.parametrize("key", ["", "sha256:", "sha256:../alive", "sha256:" + "0" * 63, "\0"])
def test_only_keys_become_paths(spools: Path, key: str) -> None:
    writer = SpoolWriter(spools)
    writer.put_file(io.BytesIO(b"x"))
    assert find_file(spools / writer.writer, key) is None
    writer.close()
