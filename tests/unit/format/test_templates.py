"""What templates put into a page: escaped, and without characters that hide or turn the text around them."""

import sys
import unicodedata

import jinja2
import pytest

from trackboard.format.templates import make_environment, show_unseen, stored

# Seen themselves, or needed between letters (Persian) and in emoji.
KEPT = {*"\t\n\u200c\u200d\u06dd\u070f\u08e2\U000110bd\U000110cd\u0890\u0891"} | {
    chr(number) for number in range(0x600, 0x606)
}


def test_every_character_that_is_not_seen_is_shown_as_one() -> None:
    unseen = {
        each
        for each in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    left = {each for each in unseen if show_unseen(each) == each}
    assert left <= KEPT
    assert KEPT & unseen == left


def test_what_people_read_stays() -> None:
    for text in (
        "naïve 数据 اردو می‌خواهم 👩‍👩‍👧 5 %\n\tindented",
        "no-break\xa0space",
        "\U0001fae8",
    ):
        assert show_unseen(text) == text


def test_a_field_of_a_form_keeps_what_is_stored() -> None:
    assert str(stored("a\u202e<b>\x01")) == "a&#8238;&lt;b&gt;&#1;"
    assert show_unseen(str(stored("a\u202eb"))) == "a&#8238;b"


def test_a_template_escapes_and_knows_no_other_names() -> None:
    made = make_environment(jinja2.DictLoader({"page": "{{ name }}"}))
    assert made.get_template("page").render(name="<") == "&lt;"
    with pytest.raises(jinja2.UndefinedError, match="name"):
        made.get_template("page").render()
