"""`trackboard compare`: runs side by side."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import click

from trackboard.cli import formatting
from trackboard.cli.completing import complete_runs
from trackboard.cli.table import Column, print_table
from trackboard.cli.workspace_option import find_one, folder_option, opened
from trackboard.errors import UsageError

_ENOUGH = 10  # characters of a value


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs)
@click.option("--all", "everything", is_flag=True, help="Also what is the same in all of them.")
@click.option("--wide", is_flag=True, help="Whole values, also where a terminal is narrow.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, with everything.")
@folder_option
def compare(
    runs: tuple[str, ...], folder: Path | None, *, everything: bool, wide: bool, as_json: bool
) -> None:
    """Compare runs: parameters, last values of metrics, tags, code and packages that differ.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    if len(runs) == 1:
        raise UsageError("one run differs from nothing", hint=f"trackboard show {runs[0]}")
    with opened(folder) as service:
        compared = service.runs.compare([find_one(service, text).id for text in runs])
    if as_json:
        from trackboard.service import wire

        click.echo(json.dumps(wire.comparison(compared)))
        return
    shown = [fact for fact in compared.facts if everything or not fact.is_equal]
    names = [formatting.clean(facts.name) for facts in compared.runs]
    head = [Column("", enough=_ENOUGH), *(Column(name, enough=_ENOUGH) for name in names)]
    rows = [["state", *(facts.word for facts in compared.runs)]]
    for kind, facts in itertools.groupby(shown, key=lambda fact: fact.kind):
        for number, fact in enumerate(facts):
            name = formatting.clean(fact.name)
            above = "" if number else f"{kind} "
            rows.append([f"{above or ' ' * len(kind + ' ')}{name}", *map(_cell, fact.values)])
    print_table(head, rows, is_whole=wide)
    if not shown:
        click.echo("nothing differs")
    elif len(shown) < len(compared.facts):
        same = formatting.count(len(compared.facts) - len(shown), "more fact")
        click.echo(f"{same} the same in all: --all shows them")


def _cell(value: object) -> str:
    return "-" if value is None else formatting.value(value).replace("\n", " ")
