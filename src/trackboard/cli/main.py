"""The command `trackboard`: one verb per file, errors and exit codes here."""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import os
import sys

import click

from trackboard import __version__
from trackboard.cli.verb_group import VerbGroup
from trackboard.errors import TrackboardError, Unavailable

_INTERRUPTED = 130
_COMPLETING = "_TRACKBOARD_COMPLETE"  # set by a shell that asks for what may follow
_COLLECTED_AFTER = 100_000  # new objects; Python's 700 find no garbage while modules load
_FULL = (errno.ENOSPC, errno.EDQUOT)  # a disk; perhaps the one where the output goes


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trackboard")
def trackboard() -> None:
    """The history of machine-learning runs, shown live in the real TensorBoard."""


def main() -> int:
    """Run one command; returns the exit code."""
    gc.set_threshold(_COLLECTED_AFTER)
    atexit.register(gc.freeze)  # all goes with the process: none of it is looked through before
    if _COMPLETING in os.environ:
        importlib.import_module("trackboard.cli.completing")  # how bash reads names
    try:
        code = trackboard.main(prog_name="trackboard", standalone_mode=False)
        if sys.stdout is not None:  # None: it was closed when we began
            sys.stdout.flush()  # what cannot be written is said here, and not by Python as it ends
    except (TrackboardError, click.ClickException) as error:
        return _explain(error)
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and not error.code:  # completion ends so
            raise
        _discard_output()  # whoever read it has read enough, as `head` does; click would end with 1
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _discard_output()
        click.echo(f"trackboard: {error.strerror}; make room, then repeat", err=True)
        return Unavailable.exit_code
    return (
        code if isinstance(code, int) else 0
    )  # a verb that ends early, with `click.exceptions.Exit`


def _explain(error: TrackboardError | click.ClickException) -> int:
    """Print what went wrong and what to type; the exit code says of which family it is."""
    if isinstance(error, TrackboardError):
        click.echo(f"trackboard: {error.message}", err=True)
        if error.hint:
            click.echo(error.hint, err=True)
        return error.exit_code
    error.show()
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        _explain_dashes(error.ctx, error.option_name)
    return error.exit_code


def _discard_output() -> None:
    """Let Python write nothing more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain_dashes(ctx: click.Context, word: str) -> None:
    """A name of a run may look like an option."""
    if any(each.make_metavar(ctx).startswith("RUN") for each in _arguments(ctx.command)):
        click.echo(f"A name that begins with - goes behind --, as in: -- {word}", err=True)


def _arguments(command: click.Command) -> list[click.Parameter]:
    return [each for each in command.params if isinstance(each, click.Argument)]
