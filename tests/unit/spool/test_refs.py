import json

import pytest

from trackboard.model import FileRef, Ref, RunId, SeriesRef
from trackboard.spool import FileDefinition, SeriesDefinition, decode_record, read_payload
from trackboard.spool.refs import define

RUN = RunId("r")


@pytest.mark.parametrize(
    ("ref", "definition"),
    [
        (SeriesRef(7, RUN, "loss"), SeriesDefinition(7, RUN, "loss", "")),
        (SeriesRef(8, RUN, "loss", "table"), SeriesDefinition(8, RUN, "loss", "table")),
        (FileRef(9, RUN, "logs/a"), FileDefinition(9, RUN, "logs/a")),
    ],
)
def test_a_definition_is_a_record_that_readers_know(
    ref: Ref, definition: SeriesDefinition | FileDefinition
) -> None:
    payload = read_payload(memoryview(define(ref)), 0)
    assert payload is not None
    assert decode_record(json.loads(bytes(payload))) == definition


def test_a_series_of_no_table_says_nothing_about_one() -> None:
    """So that earlier versions read it, too."""
    assert b"table" not in define(SeriesRef(7, RUN, "loss"))
