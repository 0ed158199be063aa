from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trackboard.board.export.tag_names import Use, assign, describe

NAMES = st.sampled_from(["a", "a/table", "a/table/table", "a/text", "a/image", "b"])
WANTED = st.lists(st.tuples(st.sampled_from(Use), NAMES))


def test_the_first_use_keeps_the_name_however_they_are_asked_for() -> None:
    wanted = [(Use.REMARKS, "m"), (Use.IMAGES, "m"), (Use.TEXTS, "n"), (Use.NUMBERS, "n")]
    assert assign(wanted) == {
        (Use.IMAGES, "m"): "m",
        (Use.REMARKS, "m"): "m/table",
        (Use.NUMBERS, "n"): "n",
        (Use.TEXTS, "n"): "n/text",
    }


def test_a_name_that_somebody_has_is_not_taken_from_it() -> None:
    tags = assign([(Use.NUMBERS, "a"), (Use.TEXTS, "a"), (Use.TEXTS, "a/text")])
    assert tags[Use.TEXTS, "a/text"] == "a/text"
    assert tags[Use.TEXTS, "a"] == "a/text/text"


def test_what_is_not_under_its_name_is_said() -> None:
    tags = assign([(Use.NUMBERS, "a"), (Use.TEXTS, "a"), (Use.ROWS, "b")])
    assert list(describe(tags)) == ["a: its texts are under a/text, its numbers keep the name"]


def test_images_of_a_name_that_tensorboard_cannot_give_back_have_it_escaped() -> None:
    name = 'C:\\a"b'
    tags = assign([(Use.IMAGES, name), (Use.NUMBERS, name), (Use.IMAGES, "a"), (Use.TEXTS, name)])
    assert tags == {
        (Use.IMAGES, name): "C:%5Ca%22b",
        (Use.NUMBERS, name): name,
        (Use.IMAGES, "a"): "a",
        (Use.TEXTS, name): f"{name}/text",
    }
    assert assign([(Use.IMAGES, "\\"), (Use.IMAGES, "%5C")])[Use.IMAGES, "\\"] == "%5C/image"
    assert any("its images are under C:%5Ca%22b" in note for note in describe(tags))


@given(WANTED)
def test_no_two_share_a_tag_and_every_name_is_one(wanted: list[tuple[Use, str]]) -> None:
    tags = assign(wanted)
    assert set(tags) == set(wanted)
    assert len(set(tags.values())) == len(tags)
    assert {name for _, name in wanted} <= set(tags.values())
    assert tags == assign(reversed(wanted))
