"""Which words of a command line are shown."""

import doctest
import sys

import pytest

from trackboard.record import command
from trackboard.record.command import command_line, mask_words


@pytest.mark.parametrize(
    "words",
    [
        ["--password", "S"],
        ["--password=S"],
        ["--db-password", "S"],
        ["--token", "S"],
        ["--hf_token=S"],
        ["HF_TOKEN=S"],
        ["--api-key", "S"],
        ["--apiKey", "S"],
        ["key=S"],
        ["aws.secret_access_key=S"],
        ["--key", "-S"],
        ["--password2", "S"],
        ["postgresql://me:S@host/db"],
        ["--store=postgresql://me:S@host/db"],
    ],
)
def test_secrets_are_masked(words: list[str]) -> None:
    masked = mask_words(["train.py", *words, "--lr", "0.1"])
    assert "S" not in "".join(masked)
    assert "***" in "".join(masked)
    assert masked[0] == "train.py"
    assert masked[-2:] == ["--lr", "0.1"]


@pytest.mark.parametrize(
    "words",
    [
        ["--max-tokens", "512"],
        ["--tokenizer", "gpt2"],
        ["--author", "me"],
        ["--monkey=1"],
        ["--token", "--lr", "0.1"],  # a flag
        ["data=/a@b/c"],
        ["https://host/path"],
        ["-", "--", "="],
    ],
)
def test_others_are_shown(words: list[str]) -> None:
    assert mask_words(words) == words


def test_it_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["my train.py", "--name", "it's"])
    assert command_line() == "'my train.py' --name 'it'\"'\"'s'"


def test_examples() -> None:
    assert doctest.testmod(command).failed == 0
