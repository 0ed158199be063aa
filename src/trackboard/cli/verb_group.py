"""The verbs of the command, each imported when it is called: `--help` and completion load none of them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem

# What `--help` lists, by verb, in the order in which people meet them.
VERBS: Mapping[str, str] = {
    "demo": "Show a history and a running job in TensorBoard until Ctrl-C.",
    "tb": "Show a history in TensorBoard until Ctrl-C.",
    "submit": "Run SCRIPT as a job, with a copy of the source folder.",
    "rerun": "Run a job again as a new run, from its code and plan.",
    "cancel": "End jobs: at once while they wait, else politely.",
    "logs": "Print what a run printed.",
    "experiments": "List the experiments of a history.",
    "runs": "List the runs of a history.",
    "show": "Show one run: its state and why, metrics, files.",
    "env": "List and remove the environments built for jobs.",
    "where": "Say where the history of a folder is.",
    "stop": "End every TensorBoard that shows a history.",
}


class VerbGroup(click.Group):
    """A group whose commands are modules of `trackboard.cli` that hold a command of their own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order in which people meet them."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb; None for a word that is none."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"trackboard.cli.verbs.{cmd_name}"), cmd_name
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with what each does, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

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
        if word not in VERBS and not word.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(word, VERBS)
            meant = f" Did you mean {near[0]!r}?" if near else f" There is {', '.join(VERBS)}."
            ctx.fail(f"No such command {word!r}.{meant}")
        return super().resolve_command(ctx, args)
