"""The command `trackboard`: one verb per file, errors and exit codes here."""

from __future__ import annotations

import os
import sys

import click

from trackboard import __version__
from trackboard.cli.verb_group import VerbGroup
from trackboard.errors import TrackboardError

_INTERRUPTED = 130


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trackboard")
def trackboard() -> None:
    """The history of machine-learning runs, shown live in the real TensorBoard."""


def main() -> int:
    """Run one command; returns the exit code."""
    try:
        code = trackboard.main(prog_name="trackboard", standalone_mode=False)
    except TrackboardError as error:
        click.echo(f"trackboard: {error.message}", err=True)
        if error.hint:
            click.echo(error.hint, err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read it has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return (
        code if isinstance(code, int) else 0
    )  # a verb that ends early, with `click.exceptions.Exit`
