"""`trackboard doctor`: what is wrong with this installation and this workspace, and what to type."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trackboard import __version__
from trackboard.cli import terminal
from trackboard.cli.formatting import clean
from trackboard.cli.workspace_option import folder_argument
from trackboard.config import find_location

_WRONG = 1
_COLOURS = {"ok": "green", "note": None, "warning": "yellow", "problem": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each finding.")
@folder_argument
def doctor(folder: Path | None, *, as_json: bool) -> None:
    """Look for what is wrong with this installation and a workspace, and say what to type.

    Nothing is changed. The exit code is 1 when there is a problem.
    """
    from trackboard.service.local.facts.diagnosis import diagnose

    has_problem = False
    for finding in diagnose(find_location(folder), __version__):
        word = finding.severity.value
        has_problem |= word == "problem"
        if as_json:
            facts = {"severity": word, "about": finding.about, "message": finding.message}
            click.echo(json.dumps({**facts, "hint": finding.hint or None}))
            continue
        padded = f"{word:8}"
        colour = _COLOURS[word]
        shown = click.style(padded, fg=colour) if colour and terminal.has_colours() else padded
        click.echo(f"{shown} {finding.about:13} {clean(finding.message)}")
        for line in finding.hint.splitlines():
            click.echo(f"{'':22} {clean(line)}")
    if has_problem:
        raise click.exceptions.Exit(_WRONG)
