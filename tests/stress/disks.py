"""Disks that refuse by turns and work again: a library between a process and the kernel, made with cc."""

import errno
import mmap
import random
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.prerequisites import require
from tests.stress.victims import Verdict, Victim, judge, killed_at_the_end
from tests.workspaces import parts

from trackboard import Workspace

CALLS = ("write", "truncate", "unlink", "rename", "fsync", "open", "mkdir", "link")
_HALF = 255  # a write takes half of what it is given
_FAULTS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_SOURCE = Path(__file__).parent / "programs" / "refusing_disk.c"


class RefusingDisk:
    """What processes that are started with its `variables` meet below a folder.

    Args:
        folder: What is refused is below it.
        aside: A folder for the library and what controls it.
    """

    def __init__(self, folder: Path, aside: Path) -> None:
        require("linux")
        compiler = require("cc")
        library, control = aside / "refusing_disk.so", aside / "refusing"
        if not library.exists():
            command = [
                compiler,
                "-shared",
                "-fPIC",
                "-O1",
                "-o",
                str(library),
                str(_SOURCE),
                "-ldl",
            ]
            subprocess.run(command, check=True, timeout=60)
        control.write_bytes(bytes(mmap.PAGESIZE))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.variables: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "REFUSING_CONTROL": str(control),
            "REFUSING_FOLDER": str(folder),
        }

    def refuse(self, **faults: int) -> None:
        """Refuse these calls with these errors, and no others."""
        self._control[: len(CALLS)] = bytes(faults.get(call, 0) for call in CALLS)


def refuse_by_turns(folder: Path, turns: int, *, seed: int) -> Verdict:
    """Processes record while their disk refuses, each turn other calls, and works in between."""
    chance = random.Random(seed)
    workspace = Workspace.open(folder / "workspace")
    disk = RefusingDisk(workspace.folder, folder)
    disk.refuse(**draw_faults(chance))  # also before the spool is there
    victims = _start(workspace, folder, chance, disk.variables)
    with killed_at_the_end(*victims):
        for _ in range(turns):
            time.sleep(chance.uniform(0.01, 0.15))
            disk.refuse(**draw_faults(chance))
            time.sleep(chance.uniform(0.01, 0.15))
            if chance.random() < 0.7:
                disk.refuse()
                time.sleep(chance.choice((0.01, 0.7)))  # longer than a writer waits, or not
        disk.refuse()
        return _judge_at_the_end(workspace, victims)


def fill_by_turns(folder: Path, turns: int, *, seed: int) -> Verdict:
    """Processes record on a small disk, which is `folder`, while it is filled and emptied."""
    chance = random.Random(seed)
    workspace = Workspace.open(folder / "workspace")
    victims = _start(workspace, folder.parent, chance, {})
    filler = folder / "filler"
    with killed_at_the_end(*victims):
        for _ in range(turns):
            time.sleep(chance.uniform(0.01, 0.15))
            fill(filler)
            time.sleep(chance.uniform(0.01, 0.15))
            filler.unlink()
            time.sleep(chance.choice((0.01, 0.7)))
        return _judge_at_the_end(workspace, victims)


def _start(
    workspace: Workspace, aside: Path, chance: random.Random, variables: Mapping[str, str]
) -> list[Victim]:
    return [
        Victim.start(
            parts(workspace).spool_folder,
            f"of-{number}",
            *("slow", "told", *flags),
            seed=chance.randrange(1 << 30),
            variables=variables,
            journal=aside / f"journal-{number}",
        )
        for number, flags in enumerate(((), ("threads",)))
    ]


def _judge_at_the_end(workspace: Workspace, victims: list[Victim]) -> Verdict:
    verdict = Verdict(said="".join([victim.end() for victim in victims]))
    parts(workspace).drain()
    for victim in victims:
        verdict += judge(workspace, victim)
    workspace.close()
    return verdict


def fill(path: Path) -> None:
    """Leave no byte free."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 9, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def draw_faults(chance: random.Random) -> Mapping[str, int]:
    """One call, or several, and how each is refused."""
    calls = chance.sample(CALLS, chance.choice((1, 1, 2, 3, len(CALLS))))
    faults = {call: chance.choice(_FAULTS) for call in calls}
    if "write" in faults and chance.random() < 0.3:
        faults["write"] = _HALF
    return faults
