"""Whoever says that there is no room for all says what shows it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
import pytest

from trackboard.cli.main import trackboard
from trackboard.cli.run_table import print_runs
from trackboard.cli.table import print_table


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, f"{path}{name} ")
        else:
            yield f"{path}{name}", found


@pytest.mark.parametrize(
    "command", [pytest.param(command, id=name) for name, command in commands(trackboard)]
)
def test_a_table_that_may_be_cut_has_an_option_for_the_whole(command: click.Command) -> None:
    callback = command.callback
    assert callback is not None
    body = inspect.unwrap(callback)
    if {print_table.__name__, print_runs.__name__} & {*body.__code__.co_names}:
        assert "--wide" in {option for each in command.params for option in each.opts}
