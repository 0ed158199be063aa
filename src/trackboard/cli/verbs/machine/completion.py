"""`trackboard completion`: what a shell reads to complete verbs, options, and the names of a history."""

from __future__ import annotations

import click

from trackboard.cli.completing import SHELLS, shell_script

_EXAMPLES = """\b
Add one line to what your shell reads when it begins:
  bash  eval "$(trackboard completion bash)"           in ~/.bashrc
  zsh   eval "$(trackboard completion zsh)"            in ~/.zshrc, below compinit
  fish  trackboard completion fish | source            in ~/.config/fish/config.fish
"""


@click.command(epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what SHELL reads to complete verbs, options and names of runs."""
    click.echo(shell_script(click.get_current_context().find_root().command, shell), nl=False)
