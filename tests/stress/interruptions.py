"""Signals whose handlers raise, or record, at random moments of every call of a writer."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

from tests.stress.victims import Verdict, Victim, judge, killed_at_the_end
from tests.workspaces import parts

from trackboard import Workspace

VARIANTS: tuple[tuple[str, ...], ...] = (
    ("alarm",),
    ("ctrl-c",),
    ("handler",),
    ("alarm", "threads"),
    ("ctrl-c", "reopen"),
)


def interrupt(
    folder: Path,
    rounds: int,
    *,
    lasting_s: float,
    seed: int,
    variants: Sequence[tuple[str, ...]] = VARIANTS,
) -> Verdict:
    """Interrupt processes for a while, all variants at once; then they record in peace and end."""
    chance, verdict = random.Random(seed), Verdict()
    for number in range(rounds):
        workspace = Workspace.open(folder / f"of-{number}")
        victims = [
            Victim.start(
                parts(workspace).spool_folder,
                "-".join(("of", *flags)),
                *("told", *flags),
                seed=chance.randrange(1 << 30),
            )
            for flags in variants
        ]
        with killed_at_the_end(*victims):
            for victim in victims:
                victim.wait_until_it_records()
            time.sleep(lasting_s)
            for victim in victims:
                verdict.said += victim.end()
        parts(workspace).drain()
        for victim in victims:
            verdict += judge(workspace, victim)
            victim.journal.unlink()
        workspace.close()
    return verdict
