"""Every spool source that we ship, held against the contract."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.blobs import open_folder
from trackboard.ingest import FolderSpools
from trackboard.layout.paths import OUTBOX
from trackboard.model import Liveness, WriterId
from trackboard.ports import WriterProcess
from trackboard.spool import boot_id, machine_id
from trackboard.spool.alive import hold
from trackboard.spool.layout import ALIVE, segment_name
from trackboard.testing.memory import MemorySpools
from trackboard.testing.spool_source_contract import A, SpoolSourceContract, Wire


class MemoryWire:
    def __init__(self, spools: MemorySpools) -> None:
        self.append = spools.receive
        self.put_file = spools.receive_file
        self._spools = spools

    def set_liveness(self, writer: WriterId, liveness: Liveness) -> None:
        self._spools.set_liveness(writer, liveness)


class TestMemorySpools(SpoolSourceContract):
    @pytest.fixture
    def source(self) -> MemorySpools:
        return MemorySpools()

    @pytest.fixture
    def wire(self, source: MemorySpools) -> Wire:
        return MemoryWire(source)


class FolderWire:
    """Writes as another process would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[WriterId, int] = {}

    def append(self, writer: WriterId, number: int, data: bytes) -> None:
        (self._folder / writer).mkdir(parents=True, exist_ok=True)
        with (self._folder / writer / segment_name(number)).open("ab") as file:
            file.write(data)

    def put_file(self, writer: WriterId, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        outbox = self._folder / writer / OUTBOX
        outbox.mkdir(exist_ok=True)
        (outbox / digest).write_bytes(data)
        return f"sha256:{digest}"

    def set_liveness(self, writer: WriterId, liveness: Liveness) -> None:
        if (fd := self._held.pop(writer, None)) is not None:
            os.close(fd)
        fd = hold(self._folder / writer)
        if liveness is Liveness.ALIVE:
            self._held[writer] = fd
            return
        os.close(fd)
        if liveness is Liveness.UNKNOWN:
            (self._folder / writer / ALIVE).unlink()

    def close(self) -> None:
        for fd in self._held.values():
            os.close(fd)


class TestFolderSpools(SpoolSourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> FolderSpools:
        (tmp_path / "lock").touch()
        return FolderSpools(tmp_path / "spool", tmp_path / "lock", is_local=True)

    @pytest.fixture
    def wire(self, tmp_path: Path) -> Iterator[Wire]:
        wire = FolderWire(tmp_path / "spool")
        yield wire
        wire.close()

    def test_the_process_that_writes(self, source: FolderSpools, wire: Wire) -> None:
        wire.append(A, 0, b"x")
        wire.set_liveness(A, Liveness.ALIVE)
        process = source.list_spools()[A].find_process()
        assert process == WriterProcess(os.uname().nodename, os.getpid(), True, True)

    @pytest.mark.parametrize("is_here", [True, False])
    def test_a_process_of_another_boot(
        self, source: FolderSpools, wire: Wire, tmp_path: Path, is_here: bool
    ) -> None:
        wire.append(A, 0, b"x")
        machine = machine_id() if is_here else f"not {machine_id()}"
        said = {"host": "h", "boot": f"not {boot_id()}", "pid": 7, "started_s": 1.0, "locked": True}
        (tmp_path / "spool" / A / ALIVE).write_text(json.dumps(said | {"machine": machine}))
        process = source.list_spools()[A].find_process()
        is_of_this_machine = is_here and bool(machine)
        assert process == WriterProcess("h", 7, False, is_of_this_machine)

    def test_only_whole_plain_files_are_taken(
        self, source: FolderSpools, wire: Wire, tmp_path: Path
    ) -> None:
        wire.append(A, 0, b"x")
        key = wire.put_file(A, b"whole")
        outbox = tmp_path / "spool" / A / OUTBOX
        (outbox / ".0123456789abcdef").write_bytes(b"being cop")
        (outbox / ("1" * 64)).symlink_to("/etc/passwd")
        (outbox / ("2" * 64)).mkdir()
        spool, blobs = source.list_spools()[A], open_folder(tmp_path / "blobs")
        assert key in spool.list_files()
        assert len(spool.list_files()) == 3
        for digit in "12":
            assert not spool.move_file(f"sha256:{digit * 64}", blobs)
        assert spool.move_file(key, blobs)

    def test_the_age_of_a_segment_is_told_by_the_clock_that_stamped_it(
        self, source: FolderSpools, wire: Wire, tmp_path: Path
    ) -> None:
        wire.append(A, 0, b"x")
        os.utime(tmp_path / "spool" / A / segment_name(0), (100.0, 100.0))
        os.utime(tmp_path / "lock", (350.0, 350.0))
        assert source.list_spools()[A].unwritten_s(0) == 250.0
