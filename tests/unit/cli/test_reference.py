"""The reference of the command line is what `--help` says, for every verb and option."""

import re

import pytest
from scripts.command_line_reference import BEGIN, DOCUMENT, describe_verbs

from trackboard import errors
from trackboard.cli.verb_group import VERBS

TEXT = DOCUMENT.read_text("utf-8")


def test_the_document_is_up_to_date() -> None:
    assert TEXT.partition(BEGIN)[2] == describe_verbs(), "run scripts/command_line_reference.py"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_place(verb: str) -> None:
    assert re.search(rf"^### `trackboard {verb}\b", TEXT, re.M)


@pytest.mark.parametrize("family", errors.TrackboardError.__subclasses__())
def test_every_exit_code_is_explained(family: type[errors.TrackboardError]) -> None:
    assert f"\n| {family.exit_code} | " in TEXT
