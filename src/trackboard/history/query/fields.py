"""What a name in a condition, an order or a column means: a metric, a parameter, a tag, an attribute.

    loss  loss.min  metrics.loss  "val loss".max     params.lr     tags.team     properties.mode     state

A name without a prefix is an attribute of runs, if one is called so, else a metric or a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trackboard.errors import UsageError
from trackboard.history.query.mistakes import mistake
from trackboard.history.query.tokens import Kind, Token, iter_tokens
from trackboard.ports import Aggregate, Attribute, Field, Origin, Source

PREFIXES: Mapping[str, Source] = {
    "metrics": Source.METRIC,
    "metric": Source.METRIC,
    "summary": Source.METRIC,  # a run's summary are the last values of its metrics
    "params": Source.PARAMETER,
    "param": Source.PARAMETER,
    "parameters": Source.PARAMETER,
    "tags": Source.TAG,
    "tag": Source.TAG,
    "properties": Source.PROPERTY,
    "property": Source.PROPERTY,
}
AGE = "age"  # how long ago a run was created; compared as its time
_OF_PROPERTIES = {"user": "trackboard.user", "host": "trackboard.host"}
WORDS = (*(each.value for each in Attribute), AGE, *_OF_PROPERTIES)
_AGGREGATE = re.compile(
    rf"[.:]({'|'.join(each.value.replace('.', '[.:]') for each in Aggregate)})\Z"
)
_QUOTE_IT = 'Put a name with spaces or signs into quotes: metrics."val loss".min'


def parse_field(text: str) -> Field:
    """The field to sort by or to show that a text names: all of it, with spaces too.

    Raises:
        UsageError: It names none, or an age.
    """
    field = _whole(text)
    if field.source is Source.ATTRIBUTE and field.name == AGE:
        raise UsageError(
            "an age changes all the time",
            hint=f"Say {Attribute.CREATED.value}: what is newest first.",
        )
    return field


def _whole(text: str) -> Field:
    tokens = [*iter_tokens(text)][:-1] if any(quote in text for quote in "'\"`") else []
    if not text.strip():
        raise UsageError("a name is missing", hint="Name a metric, params.lr, tags.team or state.")
    if not tokens:
        begin = len(text) - len(text.lstrip())
        end = len(text.rstrip())
        return _plain(text.strip(), Origin(text, begin, end))
    return field_of(text, tokens)


def field_of(text: str, tokens: Sequence[Token]) -> Field:
    """The field that some tokens name, which follow each other without spaces.

    Args:
        text: What the tokens are of.
        tokens: One or more, words and what is quoted.

    Raises:
        UsageError: They name none.
    """
    origin = Origin(text, tokens[0].start, tokens[-1].end)
    kinds = [token.kind for token in tokens]
    if kinds == [Kind.WORD]:
        return _plain(tokens[0].text, origin)
    prefix, rest = "", list(tokens)
    if rest[0].kind is Kind.WORD:
        prefix, rest = rest[0].text, rest[1:]
    quoted, suffix = rest[0], rest[1].text if len(rest) > 1 else ""
    is_source = prefix.endswith(".") and prefix[:-1].lower() in PREFIXES
    if (prefix and not is_source) or len(rest) > 2 or quoted.kind is not Kind.QUOTED:
        raise mistake(origin, "this is no name", _QUOTE_IT)
    source = PREFIXES[prefix[:-1].lower()] if prefix else Source.METRIC_OR_PARAMETER
    if not suffix:
        return _named(source, quoted.text, origin)
    found = _AGGREGATE.fullmatch(suffix)
    if found is None or not _is_of_metrics(source):
        raise mistake(origin, f"{suffix!r} says nothing behind a name", _what_follows())
    return Field(Source.METRIC, quoted.text, _aggregate(found), origin)


def _plain(word: str, origin: Origin) -> Field:
    """The field of a word without quotes."""
    if word in _OF_PROPERTIES:
        return Field(Source.PROPERTY, _OF_PROPERTIES[word], origin=origin)
    if word in WORDS:
        return Field(Source.ATTRIBUTE, word, origin=origin)
    prefix, dot, name = word.partition(".")
    source = PREFIXES.get(prefix.lower()) if dot and name else None
    if source is None:
        source, name = Source.METRIC_OR_PARAMETER, word
    found = _AGGREGATE.search(name) if _is_of_metrics(source) else None
    if found is not None and found.start():
        return Field(Source.METRIC, name[: found.start()], _aggregate(found), origin)
    return _named(source, name, origin)


def _aggregate(found: re.Match[str]) -> Aggregate:
    return Aggregate(found[1].replace(":", "."))


def _named(source: Source, name: str, origin: Origin) -> Field:
    if not name:
        raise mistake(origin, "the name is empty", _QUOTE_IT)
    return Field(source, name, origin=origin)


def _is_of_metrics(source: Source) -> bool:
    return source in (Source.METRIC, Source.METRIC_OR_PARAMETER)


def _what_follows() -> str:
    return f"Behind a metric's name may be {', '.join(f'.{each.value}' for each in Aggregate)}."


def written(field: Field) -> str:
    """A field as one would write it.

    >>> written(Field(Source.METRIC, "val loss", Aggregate.MIN)), written(Field(Source.TAG, "team"))
    ('metrics."val loss".min', 'tags.team')
    """
    if field.source is Source.ATTRIBUTE:
        return field.name
    name = quoted(field.name)
    if field.source is Source.METRIC_OR_PARAMETER:
        return name
    of_metric = field.source is Source.METRIC and field.aggregate is not Aggregate.LAST
    return f"{field.source.value}.{name}" + (f".{field.aggregate.value}" if of_metric else "")


def heading(field: Field) -> str:
    """What stands above a column of it: as it was written, else as one would write it."""
    origin = field.origin
    return written(field) if origin is None else origin.text[origin.start : origin.end]


def quoted(name: str) -> str:
    """A name as it is written behind a prefix: in quotes where it would be misread without them."""
    tokens = [*_tokens_or_none(name)]
    is_word = len(tokens) == 2 and tokens[0].kind is Kind.WORD and tokens[0].text == name
    if is_word and not _AGGREGATE.search(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _tokens_or_none(text: str) -> Sequence[Token]:
    try:
        return [*iter_tokens(text)]
    except UsageError:
        return ()
