"""Arguments of a script that is run again with other values."""

import shlex

import pytest

from trackboard.launch.changed_arguments import change_arguments


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
