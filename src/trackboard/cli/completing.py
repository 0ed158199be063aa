"""What a shell may write for people: names of runs, states, experiments, tags, compute targets.

All come from what is stored: a key on a keyboard waits for nobody who records. Whatever is wrong, there is
nothing to write then.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
)

from trackboard.errors import TrackboardError

if TYPE_CHECKING:
    from trackboard.service import Service

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_TRACKBOARD_COMPLETE"
_PROGRAM = "trackboard"
_MOST_RUNS = 500  # the newest
_SPECIAL = re.compile(r"([^\w@%+=:,./-])")  # what a shell reads as something else
_ESCAPED = r"\\\1"
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


class _Bash(BashComplete):
    """As click's, but bash writes what it is given as it is: names may have spaces in them."""

    source_template = BashComplete.source_template.replace(" read type", " read -r type")

    def format_completion(self, item: CompletionItem) -> str:
        """Return the type and the text of an item."""
        return f"{item.type},{_SPECIAL.sub(_ESCAPED, str(item.value))}"


add_completion_class(_Bash)


def shell_script(command: click.Command, shell: str) -> str:
    """Return what a shell reads to ask us what may follow.

    Args:
        command: The program's command.
        shell: One of `SHELLS`.
    """
    asking = get_completion_class(shell)
    assert asking is not None
    return asking(command, {}, _PROGRAM, VARIABLE).source()


def _completer(list_words: Callable[[Service, str], Iterable[str]]) -> Completer:
    """Make a completer of a function that lists words, given a service and what is typed already."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from trackboard.config import find_location
        from trackboard.service import open_service

        try:
            location = find_location(ctx.params.get("folder"))
            with contextlib.closing(open_service(location, create=False)) as service:
                words = list(list_words(service.stored(), incomplete))
        except TrackboardError:
            return []
        return [
            CompletionItem(word)
            for word in dict.fromkeys(words)
            if word.startswith(incomplete) and word.isprintable()
        ]

    return complete


def _list_runs(service: Service, incomplete: str) -> Iterable[str]:
    from trackboard.ports import RunQuery

    newest = service.runs.query(RunQuery(), limit=_MOST_RUNS)
    names = list(service.runs.name(newest).values())
    if any(name.startswith(incomplete) for name in names):
        return names
    return [run.name for run in newest] + [run.id for run in newest]


def _list_tags(service: Service, incomplete: str) -> Iterable[str]:
    found = service.runs.list_tags([run.id for run in service.runs.list()])
    pairs = {(key, tag) for tags in found.values() for key, tag in tags.items()}
    if "=" in incomplete:
        return sorted(f"{key}={tag or ''}" for key, tag in pairs)
    return sorted({key for key, _ in pairs})


def _list_compute(service: Service, _: str) -> Iterable[str]:
    return ["local", *(each.name for each in service.compute.list())]


complete_runs = _completer(_list_runs)
complete_tags = _completer(_list_tags)
complete_compute = _completer(_list_compute)
complete_experiments = _completer(
    lambda service, _: [each.name for each in service.experiments.list()]
)
complete_metrics = _completer(lambda service, _: [each.name for each in service.metrics.list()])


complete_environments = _completer(lambda service, _: _list_environments(service))


def _list_environments(service: Service) -> Iterable[str]:
    from trackboard.environments import list_curated

    registered = [each.name for each in service.environments.list()]
    return [*registered, *(each.name for each in list_curated())]


def complete_built_environments(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the key of an environment that is kept on this machine; no history is asked."""
    from trackboard.environments import list_environments

    del ctx
    kept = [each for each in list_environments() if each.key.startswith(incomplete)]
    return [CompletionItem(each.key, help=", ".join(each.names)) for each in kept]


def complete_states(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a state of runs; no history is asked."""
    from trackboard.model import RunState

    del ctx
    return [CompletionItem(each.value) for each in RunState if each.value.startswith(incomplete)]
