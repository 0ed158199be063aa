"""Conditions as people write them: what they mean, and how the place of a mistake is pointed at."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from trackboard.errors import UsageError
from trackboard.history.query.parser import MOST_CHARACTERS, parse_condition
from trackboard.ports import (
    MOST_COMPARISONS,
    MOST_NESTED,
    MOST_VALUES,
    Aggregate,
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Field,
    HasValue,
    Matches,
    Not,
    OneOf,
    Ordered,
    Source,
    attribute,
)

NOW_S = 1_000_000.0
LOSS = Field(Source.METRIC_OR_PARAMETER, "loss")
LOW = Ordered(LOSS, "<", 0.5)
TEAM = Field(Source.TAG, "team")
VISION = OneOf(TEAM, ("vision",))
LR = Field(Source.PARAMETER, "lr")
CREATED, STARTED, ENDED = map(attribute, (Attribute.CREATED, Attribute.STARTED, Attribute.ENDED))
STATE, NAME = attribute(Attribute.STATE), attribute(Attribute.NAME)


@pytest.fixture
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def parse(text: str) -> Condition:
    return parse_condition(text, now_s=NOW_S)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("loss<0.5", LOW),
        ("  loss  <  5e-1 ", LOW),
        ("loss < 0.5 and tags.team = vision", AllOf((LOW, VISION))),
        ("loss < 0.5 OR tags.team == 'vision'", AnyOf((LOW, VISION))),
        ("not loss < 0.5", Not(LOW)),
        ("!(loss < 0.5)", Not(LOW)),
        ("((loss < 0.5))", LOW),
        (
            "loss < .5 or not loss < .5 and tag.team = vision or loss<+.5",
            AnyOf((LOW, AllOf((Not(LOW), VISION)), LOW)),
        ),
        (
            "(loss < .5 or loss < .5) and tags.team in (vision)",
            AllOf((AnyOf((LOW, LOW)), VISION)),
        ),
        ("loss not in (1, -2)", Not(OneOf(LOSS, (1, -2)))),
        ("loss != nan", AllOf((HasValue(LOSS), Not(OneOf(LOSS, (math.nan,)))))),
        ("metrics.loss = true", OneOf(Field(Source.METRIC, "loss"), (1.0,))),
        ("loss <= -inf", Ordered(LOSS, "<=", -math.inf)),
        ("loss is null", Not(HasValue(LOSS))),
        ("tags.team IS NOT NONE", HasValue(TEAM)),
        ("params.lr = 0.1", OneOf(LR, (0.1,))),
        ("parameters.lr = '0.1'", OneOf(LR, ("0.1",))),
        ("param.lr in (1, 2.0, true, adam)", OneOf(LR, (1, 2.0, True, "adam"))),
        ("params.lr = 123456789012345678901", OneOf(LR, (123456789012345678901.0,))),
        ("tags.team = 3", OneOf(TEAM, ("3",))),
        ("tags.team != a", AllOf((HasValue(TEAM), Not(OneOf(TEAM, ("a",)))))),
        ("tags.team = 'it''s'", OneOf(TEAM, ("it's",))),
        ('tags.team = "or"', OneOf(TEAM, ("or",))),
        ("tags.team ~ '^vis.on$'", Matches(TEAM, "^vis.on$")),
        ("tags.team !~ x", AllOf((HasValue(TEAM), Not(Matches(TEAM, "x"))))),
        ("name like 'cnn_%.'", Matches(NAME, r"(?s)\Acnn..*\.\Z")),
        ("name not like x", Not(Matches(NAME, r"(?s)\Ax\Z"))),
        ("state in (Failed, running)", OneOf(STATE, ("failed", "running"))),
        ("number >= 3", Ordered(attribute(Attribute.NUMBER), ">=", 3.0)),
        ("user = ann", OneOf(Field(Source.PROPERTY, "trackboard.user"), ("ann",))),
        ("age < 2d", Ordered(CREATED, ">", NOW_S - 172_800)),
        ("age >= 1.5h", Ordered(CREATED, "<=", NOW_S - 5_400)),
        ("age is not null", HasValue(CREATED)),
        (
            "duration > 30m",
            AnyOf(
                (
                    Ordered(attribute(Attribute.DURATION), ">", 1_800.0),
                    AllOf((Not(HasValue(ENDED)), Ordered(STARTED, "<", NOW_S - 1_800))),
                )
            ),
        ),
        ("duration is null", Not(HasValue(STARTED))),
    ],
)
def test_what_is_read(text: str, condition: Condition) -> None:
    assert repr(parse(text)) == repr(condition)  # as NaN equals nothing


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("val/acc-1@5", Field(Source.METRIC_OR_PARAMETER, "val/acc-1@5")),
        ("loss.min", Field(Source.METRIC, "loss", Aggregate.MIN)),
        ("loss:max", Field(Source.METRIC, "loss", Aggregate.MAX)),
        ("loss.last", Field(Source.METRIC, "loss")),
        ("a.b.step", Field(Source.METRIC, "a.b", Aggregate.STEP)),
        ("loss.min.step", Field(Source.METRIC, "loss", Aggregate.MIN_STEP)),
        ("loss:max:step", Field(Source.METRIC, "loss", Aggregate.MAX_STEP)),
        ("'val loss'.min.step", Field(Source.METRIC, "val loss", Aggregate.MIN_STEP)),
        ("metrics.loss.count", Field(Source.METRIC, "loss", Aggregate.COUNT)),
        ("min", Field(Source.METRIC_OR_PARAMETER, "min")),
        (".min", Field(Source.METRIC_OR_PARAMETER, ".min")),
        ("metrics.state", Field(Source.METRIC, "state")),
        ("params.a.min", Field(Source.PARAMETER, "a.min")),
        ("properties.a.b", Field(Source.PROPERTY, "a.b")),
        ('"val loss"', Field(Source.METRIC_OR_PARAMETER, "val loss")),
        ("'val loss'.min", Field(Source.METRIC, "val loss", Aggregate.MIN)),
        ("`loss.min`", Field(Source.METRIC_OR_PARAMETER, "loss.min")),
        ('"state"', Field(Source.METRIC_OR_PARAMETER, "state")),
        ('metrics."a ""b""".max', Field(Source.METRIC, 'a "b"', Aggregate.MAX)),
        ("params.'a b'", Field(Source.PARAMETER, "a b")),
        ("metrics", Field(Source.METRIC_OR_PARAMETER, "metrics")),
        ("größe", Field(Source.METRIC_OR_PARAMETER, "größe")),
    ],
)
def test_what_names_mean(name: str, field: Field) -> None:
    assert parse(f"{name} is not null") == HasValue(field)


@pytest.mark.usefixtures("_in_berlin")
@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("created < 2026-11-29", Ordered(CREATED, "<", 1795906800.0)),
        ("created <= 2026-11-29", Ordered(CREATED, "<", 1795993200.0)),
        ("created > 2026-11-29", Ordered(CREATED, ">=", 1795993200.0)),
        ("created >= 2026-11-29T01:00", Ordered(CREATED, ">=", 1795910400.0)),
        ("created > '2026-11-29 01:00'", Ordered(CREATED, ">=", 1795910460.0)),
        ("created > 2026-11-29T00:00:00Z", Ordered(CREATED, ">=", 1795910401.0)),
        ("created > 2026-11-29T00:00+02:00", Ordered(CREATED, ">=", 1795903260.0)),
        (
            "created = 2026-10-25",  # which has 25 hours
            AllOf((Ordered(CREATED, ">=", 1792879200.0), Ordered(CREATED, "<", 1792969200.0))),
        ),
    ],
)
def test_times_are_as_long_as_they_are_exact(text: str, condition: Condition) -> None:
    assert parse(text) == condition


@pytest.mark.parametrize(
    ("text", "marks", "said", "hint"),
    [
        ("loss << 3", "     ^^", "'<<' is no comparison", "Did you mean <?"),
        ("loss === 3", "     ^^^", "'===' is no comparison", "Did you mean ==?"),
        ("loss =< 3", "     ^^", "is no comparison", "Did you mean <=?"),
        ("loss => 3", "     ^^", "is no comparison", "Did you mean >=?"),
        ("loss <> 3", "     ^^", "is no comparison", "Did you mean !=?"),
        ("loss =~ x", "     ^^", "is no comparison", "Did you mean ~?"),
        ("loss < < 3", "       ^", "a value is missing here", ""),
        ("loss > 1 < 3", "         ^", "one condition holds one comparison", ""),
        ("loss > 1 acc < 3", "         ^^^", '"and" or "or" is missing', ""),
        ("loss > 1 && acc < 3", "         ^^", '"and" or "or" is missing', "Write and"),
        ("loss > 1 | acc < 3", "         ^", '"and" or "or" is missing', "Write or"),
        ("loss", "    ^", "a comparison of 'loss' is missing here", ""),
        ("loss lt 3", "     ^^", "a comparison of 'loss' is missing here", ""),
        ("", "^", "a condition is missing", ""),
        ("   ", "^", "a condition is missing", ""),
        ("< 3", "^", "a name is missing here", "params.NAME"),
        ("loss > 1 and", "            ^", "a name is missing here", ""),
        ("or loss > 1", "^^", "a name is missing here", ""),
        ("loss <", "      ^", "a value is missing here", ""),
        ("metrics.loss < low", "               ^^^", "'low' is no number", ""),
        ("metrics.loss < '3'", "               ^^^", "'3' is no number", ""),
        ("metrics.loss < 1_0", "               ^^^", "'1_0' is no number", ""),
        ("loss < low", "       ^^^", "'low' is no number", "Compare it with a number"),
        ("loss < nan", "       ^^^", "nan is neither less nor greater", "= nan"),
        ("0.9 <= acc", "^^^", "'0.9' is no name", "The name comes first: loss >= 0.9"),
        ("lr = params.x", "     ^^^^^^^^", "is a name", "in quotes"),
        ("tags.a = tags.b", "         ^^^^^^", "is a name", "in quotes"),
        ("tags.a > 3", "         ^", "tags.a is text", "like or ~"),
        ("name < 3", "       ^", "name is text", ""),
        ("loss = null", "       ^^^^", "nothing equals null", "Write is null"),
        ("loss != none", "        ^^^^", "nothing equals null", "Write is not null"),
        ("loss is 3", "        ^", "null is missing here", ""),
        ("loss in 3", "        ^", "a list is missing here", ""),
        ("loss in ()", "         ^", "a value is missing here", ""),
        ("loss in (1 2)", "           ^", "a comma or ) is missing", ""),
        ("loss in (1,", "           ^", "a value is missing here", ""),
        ("(loss < 1", "^", "this parenthesis is not closed", ""),
        ("loss < 1)", "        ^", "no parenthesis is open here", ""),
        ("tags.a = 'b", "         ^", "the quote that begins with '", "twice"),
        ("tags.a = 'b'c", "            ^", "this is no value", ""),
        ("a'b'c < 1", "^^^^^", "this is no name", "into quotes"),
        ("'b'.x < 1", "^^^^^", "'.x' says nothing behind a name", ".min"),
        ("params.'b'.min < 1", "^^^^^^^^^^^^^^", "'.min' says nothing", ""),
        ("'' < 1", "^^", "the name is empty", ""),
        ("state = done", "        ^^^^", "there is no state 'done'", "failed, canceled"),
        ("kind = sweep", "       ^^^^^", "there is no kind 'sweep'", "interactive"),
        ("created > 7d", "          ^^", "'7d' is no time", "age < 7d"),
        ("created > 2026-13-01", "          ^^^^^^^^^^", "is no time", ""),
        ("created > 9999-12-31", "          ^^^^^^^^^^", "no time", ""),
        ("age < 2026-11-29", "      ^^^^^^^^^^", "is no length of time", "7d"),
        ("age = 7d", "      ^^", "age is compared by", ""),
        ("duration in (1h, 2h)", "             ^^", "duration is compared by", ""),
        ("name ~ '('", "       ^^^", "'(' is no regular expression: missing )", "Put the sign \\"),
        ("number ~ 3", "         ^", "'number' is no text", ""),
        ("metrics.loss like 3", "                  ^", "'metrics.loss' is no text", ""),
        ("tags.a\n=\n\n", "        ^", "a value is missing here", ""),
    ],
)  # fmt: skip
def test_what_is_pointed_at(text: str, marks: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    first, shown, pointer, *rest = str(caught.value).split("\n")
    assert said in first
    assert shown == f"    {text}".replace("\n", " ")
    assert pointer == f"    {marks}"
    assert hint in "\n".join(rest)


def test_what_is_pointed_at_in_a_long_text() -> None:
    text = " and ".join(["abcdefghij < 1"] * 20)
    for at in (0, 5, 140, len(text) - 10):
        wrong = f"{text[:at]}${text[at:]}".replace("$", " << ")
        with pytest.raises(UsageError) as caught:
            parse(wrong)
        _, shown, pointer, *_ = str(caught.value).split("\n")
        assert len(shown) < 80
        assert len(pointer) <= len(shown)
        assert shown[pointer.index("^") :][: pointer.count("^")] in wrong


def test_how_much_a_condition_holds() -> None:
    deep = "(" * MOST_NESTED + "loss < 1" + ")" * MOST_NESTED
    parse(deep)
    parse("not " * MOST_NESTED + "loss < 1")
    parse(" or ".join(["loss < 1"] * MOST_COMPARISONS))
    parse(f"loss in ({','.join(['1'] * MOST_VALUES)})")
    for text, said in (
        (f"({deep})", "nested more than 12 deep"),
        ("(" * 50_000, "nested more than 12 deep"),
        ("not " * 20_000 + "loss < 1", "nested more than 12 deep"),
        (" or ".join(["loss < 1"] * (MOST_COMPARISONS + 1)), "at most 500 comparisons"),
        (f"loss in ({','.join(['1'] * (MOST_VALUES + 1))})", "at most 10,000 values"),
        ("x" * (MOST_CHARACTERS + 1), "100,001 characters is too long"),
        (f"name ~ '{'(' * 1_001}'", "a pattern of 1,001 characters"),
        ("name ~ '(?=a)'", "no regular expression: invalid perl operator"),
        (r"name ~ '(a)\1'", "no regular expression: invalid escape sequence"),
        ("name ~ 'a{999999999999}'", "no regular expression"),
    ):
        with pytest.raises(UsageError, match=said):
            parse(text)
