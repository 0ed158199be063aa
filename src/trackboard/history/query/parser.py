"""Reads a condition from left to right.

    any    = all {"or" all}
    all    = one {"and" one}
    one    = "not" one | "(" any ")" | name comparison
    comparison = sign value | ["not"] "in" "(" value {"," value} ")" | ["not"] "like" value
               | "is" ["not"] "null"

The signs are = == != < <= > >=, and ~ and !~ for regular expressions. Words may be in capitals.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import cast

from trackboard.errors import UsageError
from trackboard.history.query.fields import AGE, PREFIXES, WORDS, field_of, written
from trackboard.history.query.mistakes import mistake
from trackboard.history.query.tokens import Kind, Token, iter_tokens
from trackboard.history.query.values import equal, ordered
from trackboard.ports import (
    MOST_COMPARISONS,
    MOST_NESTED,
    MOST_VALUES,
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Field,
    HasValue,
    Matches,
    Not,
    Origin,
    Sign,
    Source,
    attribute,
)
from trackboard.ports.store.pattern import compile_pattern

MOST_CHARACTERS = 100_000
_MOST_OF_PATTERN = 1_000  # characters
_COMPARE = 'Compare it: "loss < 0.5", "state = failed", "tags.team is not null".'
_MEANT = {"===": "==", "=<": "<=", "=>": ">=", "<>": "!=", "=!": "!=", "=~": "~", "~=": "~"}
_WORDS_MEANT = {"&": "and", "&&": "and", "|": "or", "||": "or"}
_BEGINS = {AGE: Attribute.CREATED, Attribute.DURATION.value: Attribute.STARTED}
_RESERVED = ("and", "or", "not", "in", "like", "is")


def parse_condition(text: str, *, now_s: float | None = None) -> Condition:
    """The condition that a text says.

    Args:
        text: Such as `loss < 0.5 and (lr = 0.1 or tags.team = vision)`.
        now_s: The time that ages end at, in seconds since the epoch; None: now.

    Raises:
        UsageError: It says none; the place is pointed at.
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(
            f"a condition of {len(text):,} characters is too long",
            hint=f"Use at most {MOST_CHARACTERS:,}.",
        )
    return _Parser(text, time.time() if now_s is None else now_s).parse()


class _Parser:
    """One text on its way to a condition."""

    def __init__(self, text: str, now_s: float) -> None:
        self._text, self._now_s = text, now_s
        self._tokens = [*iter_tokens(text)]
        self._at = self._comparisons = self._values = 0

    def parse(self) -> Condition:
        """The condition that all of the text says."""
        if len(self._tokens) == 1:
            raise self._mistake(self._next, "a condition is missing", _COMPARE)
        condition = self._any(0)
        if self._next.kind is not Kind.END:
            raise self._rest(self._next)
        return condition

    # -- what stands next --------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind is not Kind.END
        return token

    def _takes(self, *words: str) -> bool:
        """Whether one of these words stands next, which is then behind us."""
        found = self._next.is_word(*words)
        self._at += found
        return found

    def _mistake(self, token: Token, what: str, hint: str) -> UsageError:
        return mistake(Origin(self._text, token.start, token.end), what, hint)

    def _rest(self, token: Token) -> UsageError:
        if token.kind is Kind.SIGN and token.text not in _WORDS_MEANT:
            return self._mistake(
                token,
                "one condition holds one comparison",
                'Put "and" or "or" between them: "loss > 1 and loss < 3".',
            )
        if token.is_mark(")"):
            return self._mistake(token, "no parenthesis is open here", "Leave it out.")
        word = _WORDS_MEANT.get(token.text)
        hint = f"Write {word}." if word else 'A text or a name with spaces stands in quotes: "a b".'
        return self._mistake(token, '"and" or "or" is missing here', hint)

    # -- how conditions are put together -----------------------------------------------------------

    def _any(self, depth: int) -> Condition:
        return self._joined("or", self._all, AnyOf, depth)

    def _all(self, depth: int) -> Condition:
        return self._joined("and", self._one, AllOf, depth)

    def _joined(
        self,
        word: str,
        read: Callable[[int], Condition],
        join: type[AllOf] | type[AnyOf],
        depth: int,
    ) -> Condition:
        found = [read(depth)]
        while self._takes(word):
            found.append(read(depth))
        return found[0] if len(found) == 1 else join(tuple(found))

    def _one(self, depth: int) -> Condition:
        token = self._next
        if depth > MOST_NESTED:
            raise self._mistake(
                token,
                f"conditions are nested more than {MOST_NESTED} deep",
                'Parentheses are needed only around "or" within "and".',
            )
        if self._takes("not") or (token.text == "!" and self._take()):
            return Not(self._one(depth + 1))
        if not token.is_mark("("):
            return self._comparison()
        self._take()
        condition = self._any(depth + 1)
        if not self._next.is_mark(")"):
            if self._next.kind is not Kind.END:
                raise self._rest(self._next)
            raise self._mistake(token, "this parenthesis is not closed", "Close it.")
        self._take()
        return condition

    # -- comparisons -------------------------------------------------------------------------------

    def _comparison(self) -> Condition:
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise self._mistake(
                self._next,
                f"a condition holds at most {MOST_COMPARISONS} comparisons",
                "Several values of one name are: name in (1, 2, 3).",
            )
        field = self._field()
        sign = self._next
        if self._takes("is"):
            return self._is_null(field)
        if sign.is_word("not") and self._tokens[self._at + 1].is_word("in", "like"):
            self._take()
            return Not(self._in_or_like(field))
        if sign.is_word("in", "like"):
            return self._in_or_like(field)
        if sign.kind is not Kind.SIGN or sign.text in _WORDS_MEANT:
            raise self._mistake(sign, f"a comparison of {_said(field)} is missing here", _COMPARE)
        return self._signed(field, self._take())

    def _signed(self, field: Field, sign: Token) -> Condition:
        negated = sign.text in ("!=", "!~")
        if sign.text in ("=", "==", "!="):
            value = self._value()
            if value.kind is Kind.WORD and value.text.lower() in ("null", "none"):
                hint = f"Write is {'not ' * negated}null; a text {value.text} stands in quotes."
                raise self._mistake(value, "nothing equals null", hint)
            found = equal(self._text, field, [value])
            # what has no value differs from nothing
            return AllOf((self._has_value(field), Not(found))) if negated else found
        if sign.text in ("~", "!~"):
            found = self._matching(field, self._value(), lambda text: text)
            return AllOf((self._has_value(field), Not(found))) if negated else found
        if sign.text in ("<", "<=", ">", ">="):
            return ordered(self._text, field, cast(Sign, sign.text), self._value(), self._now_s)
        meant = _MEANT.get(sign.text, sign.text[0] if sign.text[0] in "<>" else "")
        hint = f"Did you mean {meant}?" if meant else "Compare by = != < <= > >= ~ !~ in or like."
        raise self._mistake(sign, f"{sign.text!r} is no comparison", hint)

    def _has_value(self, field: Field) -> Condition:
        known = _BEGINS.get(field.name) if field.source is Source.ATTRIBUTE else None
        return HasValue(field if known is None else attribute(known))

    def _is_null(self, field: Field) -> Condition:
        negated = self._takes("not")
        if not self._takes("null", "none"):
            raise self._mistake(self._next, "null is missing here", "Write is null or is not null.")
        found = self._has_value(field)
        return found if negated else Not(found)

    def _in_or_like(self, field: Field) -> Condition:
        if self._take().text.lower() == "like":
            return self._matching(field, self._value(), _pattern_of_like)
        begin = self._next
        if not begin.is_mark("("):
            raise self._mistake(begin, "a list is missing here", "Write name in (1, 2, 3).")
        self._take()
        values = [self._value()]
        while self._next.is_mark(","):
            self._take()
            values.append(self._value())
        if not self._next.is_mark(")"):
            raise self._mistake(
                self._next, "a comma or ) is missing here", "Write name in (1, 2, 3)."
            )
        self._take()
        return equal(self._text, field, values)

    def _matching(self, field: Field, value: Token, read: Callable[[str], str]) -> Condition:
        is_number = field.source is Source.METRIC or (
            field.source is Source.ATTRIBUTE and field.name not in _TEXTS
        )
        if is_number:
            hint = "Compare it by = != < <= > or >=."
            raise self._mistake(value, f"{_said(field)} is no text", hint)
        if len(value.text) > _MOST_OF_PATTERN:
            hint = f"Use at most {_MOST_OF_PATTERN:,}."
            raise self._mistake(value, f"a pattern of {len(value.text):,} characters", hint)
        pattern = read(value.text)
        try:
            compile_pattern(pattern)
        except UsageError as error:
            raise self._mistake(value, error.message, error.hint or "") from None
        return Matches(field, pattern)

    # -- names and values --------------------------------------------------------------------------

    def _field(self) -> Field:
        first = self._next
        if first.kind not in (Kind.WORD, Kind.QUOTED) or first.is_word(*_RESERVED):
            raise self._mistake(first, "a name is missing here", _names())
        tokens = [self._take()]
        while self._next.kind in (Kind.WORD, Kind.QUOTED) and self._next.start == tokens[-1].end:
            tokens.append(self._take())
        if len(tokens) == 1 and self._next.kind is Kind.SIGN and _is_number(first):
            turned = self._next.text.translate(str.maketrans("<>", "><"))
            hint = f"The name comes first: loss {turned} {first.text}."
            raise self._mistake(first, f"{first.text!r} is no name", hint)
        return field_of(self._text, tokens)

    def _value(self) -> Token:
        self._values += 1
        token = self._next
        if self._values > MOST_VALUES:
            raise self._mistake(
                token, f"a condition holds at most {MOST_VALUES:,} values", "Ask twice."
            )
        if token.kind not in (Kind.WORD, Kind.QUOTED):
            hint = "A value is a number, a word, or a text in quotes."
            raise self._mistake(token, "a value is missing here", hint)
        self._take()
        behind = self._next
        if behind.start == token.end and behind.kind in (Kind.WORD, Kind.QUOTED):
            raise self._mistake(behind, "this is no value", "Put all of a text into quotes.")
        return token


_TEXTS = tuple(
    each.value
    for each in (
        Attribute.ID,
        Attribute.NAME,
        Attribute.EXPERIMENT,
        Attribute.STATE,
        Attribute.KIND,
        Attribute.PARENT,
        Attribute.DESCRIPTION,
    )
)


def _pattern_of_like(text: str) -> str:
    """% is any text, _ any character, and nothing is left over."""
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text)
    return rf"(?s)\A{''.join(parts)}\Z"


def _is_number(token: Token) -> bool:
    try:
        float(token.text)
    except ValueError:
        return False
    return token.kind is Kind.WORD


def _said(field: Field) -> str:
    return repr(written(field))


def _names() -> str:
    prefixes = dict.fromkeys(each.value for each in PREFIXES.values())
    return (
        f"Name a metric or a parameter, {', '.join(f'{each}.NAME' for each in prefixes)},"
        f" or one of {', '.join(WORDS)}."
    )
