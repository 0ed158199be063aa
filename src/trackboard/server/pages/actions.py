"""What the forms of pages change; each leads back to a page. Who may send them is decided before."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping

from trackboard.errors import UsageError
from trackboard.model import RunId
from trackboard.service import Service

Fields = Mapping[str, str]
Action = Callable[[Service, RunId, Fields], str | None]  # where it leads: None, to the run


def rename(service: Service, run: RunId, fields: Fields) -> None:
    """Give a run another name."""
    service.runs.set_name(run, fields.get("name", ""))


def set_tag(service: Service, run: RunId, fields: Fields) -> None:
    """Add or replace a tag; without a value it is only there."""
    key = fields.get("key", "")
    if not key:
        raise UsageError("a tag has no name", hint="Name it in the field Tag.")
    service.runs.set_tags(run, {key: fields.get("value") or None})


def remove_tag(service: Service, run: RunId, fields: Fields) -> None:
    """Take a tag away."""
    service.runs.remove_tags(run, [fields.get("key", "")])


def set_note(service: Service, run: RunId, fields: Fields) -> None:
    """Say in words what a run is about."""
    service.runs.set_description(run, fields.get("note", "").replace("\r\n", "\n"))


def archive(service: Service, run: RunId, _: Fields) -> None:
    """Put a run away."""
    service.runs.archive([run])


def unarchive(service: Service, run: RunId, _: Fields) -> None:
    """Take a run back."""
    service.runs.unarchive([run])


def delete(service: Service, run: RunId, fields: Fields) -> str:
    """Put a run into the trash, and lead to where that can be undone."""
    experiment = service.runs.get(run).experiment
    service.trash.delete([run], force=bool(fields.get("force")))
    return "../../runs?" + urllib.parse.urlencode({"experiment": experiment, "deleted": run})


def restore(service: Service, run: RunId, _: Fields) -> None:
    """Take a run out of the trash."""
    service.trash.restore([run])


def cancel(service: Service, run: RunId, _: Fields) -> None:
    """Ask for the end of a job."""
    service.jobs.cancel(run)


def rerun(service: Service, run: RunId, fields: Fields) -> str:
    """Queue a job once more, and lead to the new run."""
    arguments = fields.get("arguments")
    again = service.jobs.rerun(
        run,
        arguments=None if arguments is None else arguments.replace("\r\n", "\n"),
        compute=fields.get("compute") or None,
        name=fields.get("name", ""),
    )
    return f"../{again}"


ACTIONS: Mapping[str, Action] = {  # by the end of their address
    "name": rename,
    "tag": set_tag,
    "untag": remove_tag,
    "note": set_note,
    "archive": archive,
    "unarchive": unarchive,
    "delete": delete,
    "restore": restore,
    "cancel": cancel,
    "rerun": rerun,
}
