"""The verbs of the command, each imported when it is called: `--help` and completion load none of them."""

from __future__ import annotations

import importlib
import itertools
import keyword
from collections.abc import Mapping
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem


class Room(NamedTuple):
    """A package of verbs, and what `--help` says of them."""

    title: str
    verbs: Mapping[str, str]  # by verb, in the order in which people meet them


ROOMS: Mapping[str, Room] = {  # by the package below `trackboard.cli.verbs`
    "boards": Room(
        "See a history in TensorBoard",
        {
            "demo": "Show a history and a running job in TensorBoard until Ctrl-C.",
            "up": "Show a history, TensorBoard and an API on one port until Ctrl-C.",
            "tb": "Show a history in TensorBoard until Ctrl-C.",
            "stop": "End every board and server that shows a history.",
        },
    ),
    "reading": Room(
        "Read a history",
        {
            "runs": "List the runs of a history.",
            "experiments": "List the experiments of a history.",
            "show": "Show one run: its state and why, metrics, files.",
            "logs": "Print what a run printed.",
            "watch": "Watch clusters, runs and their curves in the terminal.",
            "compare": "Compare runs: parameters, metrics, tags, code, packages.",
            "diff": "Compare the code and the packages of two runs.",
        },
    ),
    "changing": Room(
        "Change a history",
        {
            "rename": "Give a run another name.",
            "tag": "Add, replace, remove and show tags of a run.",
            "note": "Say in words what a run is about.",
            "archive": "Archive runs, or take them back.",
            "rm": "Put runs and experiments into the trash.",
            "restore": "Take runs and experiments out of the trash.",
            "trash": "List the runs that were deleted.",
            "gc": "Free what was deleted, and what nothing names any more.",
        },
    ),
    "jobs": Room(
        "Run jobs",
        {
            "submit": "Run SCRIPT as a job, with a copy of the source folder.",
            "rerun": "Run a job again as a new run, from its code and plan.",
            "cancel": "End jobs: at once while they wait, else politely.",
            "wait": "Wait until runs have ended, and print how each did.",
            "compute": "Create, list, change and delete clusters; who waits for what.",
        },
    ),
    "moving": Room(
        "Move runs in and out",
        {
            "import": "Take in runs from TensorBoard, MLflow or another history.",
            "export": "Write runs as CSV, Parquet, an HTML report or event files.",
            "download": "Write the files of a run into a folder.",
            "copy": "Store runs in another history as well.",
            "backup": "Save a whole history as one file or folder.",
            "restore-backup": "Make a history of a backup.",
        },
    ),
    "machine": Room(
        "Look after the workspace and this machine",
        {
            "where": "Say where the history of a folder is.",
            "env": "List and remove the environments built for jobs.",
            "doctor": "Look for what is wrong here, and say what to type.",
            "completion": "Print what SHELL reads to complete verbs and names.",
        },
    ),
}
VERBS: Mapping[str, str] = {
    verb: text for room in ROOMS.values() for verb, text in room.verbs.items()
}
ALIASES: Mapping[str, str] = {"ls": "runs", "list": "runs", "ui": "up"}

# What people type who know another tool, and what it is here; the first that there is gets named.
MEANT: Mapping[str, tuple[str, ...]] = {
    "board": ("tb",),
    "cat": ("logs", "show"),
    "check": ("doctor", "where"),
    "cluster": ("compute", "submit --compute NAME"),
    "clusters": ("compute", "submit --compute NAME"),
    "console": ("logs",),
    "cp": ("copy",),
    "dashboard": ("up", "tb"),
    "del": ("rm",),
    "delete": ("rm",),
    "describe": ("note", "show"),
    "environments": ("env",),
    "exec": ("submit",),
    "get": ("download", "show"),
    "history": ("runs", "show"),
    "info": ("show", "where"),
    "init": ("where",),
    "jobs": ("watch", "runs"),
    "kill": ("cancel",),
    "log": ("logs",),
    "metrics": ("show",),
    "mv": ("rename",),
    "open": ("tb",),
    "prune": ("gc", "env rm"),
    "ps": ("watch", "runs"),
    "pull": ("download",),
    "queue": ("compute queue", "runs"),
    "remove": ("rm",),
    "report": ("export",),
    "run": ("submit", "show"),
    "save": ("backup", "export"),
    "search": ("runs",),
    "server": ("up", "tb"),
    "start": ("submit", "up", "tb"),
    "status": ("show", "where"),
    "summary": ("show",),
    "tail": ("logs -f",),
    "tensorboard": ("tb",),
    "top": ("watch", "runs"),
    "undelete": ("restore",),
    "view": ("show", "tb"),
}
_ALIKE = 0.7  # of two words, as difflib measures it: `ls` is not meant to be `logs`


class VerbGroup(click.Group):
    """A group whose commands are modules below `trackboard.cli.verbs` that hold a command of their own name.

    A verb that is no name in Python has a `_` instead of a `-`, and behind it where Python has that word.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order in which people meet them."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb; None for a word that is none."""
        del ctx
        verb = ALIASES.get(cmd_name, cmd_name)
        room = next((name for name, room in ROOMS.items() if verb in room.verbs), None)
        if room is None:
            return None
        name = verb.replace("-", "_") + "_" * keyword.iskeyword(verb)
        module = importlib.import_module(f"trackboard.cli.verbs.{room}.{name}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with what each does, without importing them."""
        del ctx
        width = max(map(len, VERBS))
        for room in ROOMS.values():
            with formatter.section(room.title):
                formatter.write_dl([(f"{verb:{width}}", text) for verb, text in room.verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a verb without importing it; options as every command does."""
        found = [
            CompletionItem(verb, help=text)
            for verb, text in VERBS.items()
            if verb.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that the words begin with; the error for another word names the nearest."""
        word = args[0]
        is_known = word in VERBS or word in ALIASES
        if not is_known and not word.startswith("-") and not ctx.resilient_parsing:
            near = nearest_verb(word)
            meant = f" Did you mean {near!r}?" if near else f" There is {', '.join(VERBS)}."
            ctx.fail(f"No such command {word!r}.{meant}")
        return super().resolve_command(ctx, args)


def nearest_verb(word: str) -> str:
    """Return what is typed here for a word that is no verb; empty where nothing comes near."""
    import difflib  # only for words that are no verb

    meant = (words for words in MEANT.get(word.lower(), ()) if words.partition(" ")[0] in VERBS)
    alike = difflib.get_close_matches(word.lower(), VERBS, cutoff=_ALIKE)
    return next(itertools.chain(meant, alike), "")
