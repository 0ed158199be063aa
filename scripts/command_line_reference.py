"""Write the part of docs/command-line.md that lists every verb and option.

The words are those of `--help`. A test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from trackboard.cli.main import trackboard
from trackboard.cli.verb_group import ALIASES, ROOMS

DOCUMENT = Path(__file__).parents[1] / "docs" / "command-line.md"
BEGIN = "<!-- From here on: scripts/command_line_reference.py -->\n"


def describe_verbs() -> str:
    """All verbs by what they are for, as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    context = click.Context(trackboard, info_name="trackboard")
    for room in ROOMS.values():
        yield f"\n## {room.title}\n"
        for verb in room.verbs:
            command = trackboard.get_command(context, verb)
            assert command is not None
            yield from _describe(command, context, verb)


def _describe(command: click.Command, above: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, parent=above, info_name=name)
    words = " ".join(command.collect_usage_pieces(context)).replace("[OPTIONS]", "").strip()
    yield f"### `{f'{context.command_path} {words}'.strip()}`\n"
    others = ", ".join(f"`{alias}`" for alias, verb in ALIASES.items() if verb == name)
    yield from _paragraphs(command.help or "")
    if others:
        yield f"Also: {others}.\n"
    if isinstance(command, click.Group):
        for each, below in command.commands.items():
            yield from _describe(below, context, each)
        return
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        yield "| option | |\n|---|---|"
        yield from (_row(option, context) for option in options)
        yield ""
    if command.epilog:
        yield from _examples(command.epilog)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield " ".join(paragraph.split()) + "\n"


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None
    spelled, text = (" ".join(part.split()).replace("|", "\\|") for part in record)
    return f"| `{spelled}` | {text} |"


def _examples(epilog: str) -> Iterator[str]:
    lines = [line.strip() for line in epilog.replace("\b", "").strip().splitlines()]
    yield "```\n" + "\n".join(lines[1:]) + "\n```\n"


def main() -> None:
    """Write the document."""
    above, marker, _ = DOCUMENT.read_text("utf-8").partition(BEGIN)
    assert marker
    DOCUMENT.write_text(f"{above}{BEGIN}{describe_verbs()}", "utf-8")


if __name__ == "__main__":
    main()
