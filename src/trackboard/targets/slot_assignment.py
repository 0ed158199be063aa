"""Which slots a job was given, and its share of each: kept beside its plan for whoever asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from trackboard.errors import InternalError, NotFound
from trackboard.layout import JobPaths, replace_file
from trackboard.layout.reading import read_json
from trackboard.model import ResourceLimits


@dataclass(frozen=True)
class HeldSlot:
    """A slot, and what it gives to its job."""

    number: int  # from 0
    share: ResourceLimits


def keep_slots(job: JobPaths, slots: Sequence[HeldSlot]) -> None:
    """Write down what a job was given; an earlier attempt's slots are forgotten.

    Args:
        job: The paths of the job.
        slots: One for each of its nodes.
    """
    replace_file(job.slots, json.dumps([asdict(slot) for slot in slots]))


def read_slots(job: JobPaths) -> tuple[HeldSlot, ...]:
    """Read what a job was given; nothing, when it was given none.

    Raises:
        InternalError: The file is damaged.
    """
    path = job.slots
    try:
        return tuple(_decode(**fields) for fields in read_json(path, "list of slots"))
    except NotFound:
        return ()
    except (ValueError, TypeError, AttributeError) as exc:  # UsageError is a ValueError
        raise InternalError(f"{path} cannot be read: {exc}") from exc


def _decode(number: int, share: dict[str, object]) -> HeldSlot:
    gpus = share.get("gpus")
    names = tuple(map(str, gpus)) if isinstance(gpus, list) else None
    return HeldSlot(number, ResourceLimits(**{**share, "gpus": names}))  # type: ignore[arg-type]  # as written
