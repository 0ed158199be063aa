"""Arguments of a script that is run again with other values."""

import shlex

import pytest

from trackboard.errors import UsageError
from trackboard.launch.changed_arguments import change_arguments, restore_masked
from trackboard.record.command import mask_words


@pytest.mark.parametrize(
    ("before", "settings", "after"),
    [
        ("--lr 0.1 --epochs 5", {"lr": "0.01"}, "--lr 0.01 --epochs 5"),
        ("--lr=0.1 data.csv", {"lr": "0.01"}, "--lr=0.01 data.csv"),
        ("-e 5 --lr -0.1 x", {"lr": "1", "e": "6"}, "-e 6 --lr 1 x"),
        ("--batch-size 8", {"batch_size": "16"}, "--batch-size 16"),
        ("--batch_size 8", {"--batch-size": "16"}, "--batch_size 16"),
        ("train lr=0.1 model.depth=3", {"model.depth": "4"}, "train lr=0.1 model.depth=4"),
        ("lr=0.1", {"depth": "4"}, "lr=0.1 depth=4"),
        ("--lr 0.1", {"depth": "4"}, "--lr 0.1 --depth 4"),
        ("", {"depth": "4"}, "--depth 4"),
        ("--lr 1 --lr 2", {"lr": "3"}, "--lr 3 --lr 3"),
        ("--fast --lr 1", {"fast": "false"}, "--lr 1"),
        ("--fast --lr 1", {"fast": "true"}, "--fast --lr 1"),
        ("--lr 1 --fast", {"fast": "very"}, "--lr 1 --fast very"),
        ("--name 'a b'", {"name": "c d"}, "--name 'c d'"),
        ("--lrate 1", {"lr": "2"}, "--lrate 1 --lr 2"),
        ("- -- x", {"lr": "2"}, "- -- x --lr 2"),
    ],
)
def test_values_are_changed_where_they_stand(
    before: str, settings: dict[str, str], after: str
) -> None:
    changed = change_arguments(shlex.split(before), settings)
    assert list(changed) == shlex.split(after)
    if "false" not in settings.values():  # it is gone then
        assert change_arguments(changed, settings) == changed


SECRETS = "train.py --lr 0.1 --token abc --url https://me:pw@host/x db_password=xyz --key def"


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("", ""),
        ("--lr 0.1", "--lr 0.2"),
        ("https://***@host/x", "https://other"),
        ("'db_password=***'", ""),
    ],
)
def test_what_was_masked_is_put_back_and_what_was_changed_stays(shown: str, hidden: str) -> None:
    line = shlex.join(mask_words(shlex.split(SECRETS)))
    assert shown in line
    assert "abc" not in line
    restored = restore_masked(shlex.split(line.replace(shown, hidden)), shlex.split(SECRETS))
    stored = shown.replace("***@", "me:pw@").replace("'db_password=***'", "db_password=xyz")
    assert list(restored) == shlex.split(SECRETS.replace(stored, hidden))


def test_which_of_several_secrets_is_meant_is_not_guessed() -> None:
    line = shlex.join(mask_words(shlex.split(SECRETS))).replace("--token '***'", "--token new")
    with pytest.raises(UsageError, match=r"stands for 2 values .* is there 1 times"):
        restore_masked(shlex.split(line), shlex.split(SECRETS))


def test_one_secret_is_put_back_wherever_it_stands() -> None:
    known = ["--key", "abc", "--other-key", "abc"]
    assert restore_masked(["x", "--key", "***"], known) == ("x", "--key", "abc")
    assert restore_masked(["***"], ["--name", "***"]) == ("***",)
