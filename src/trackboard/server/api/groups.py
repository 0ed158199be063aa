"""The question about groups of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trackboard.history.conditions import parse_orders
from trackboard.history.query.fields import heading, parse_field
from trackboard.history.query.writing import write_equal
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.server.api.runs import CHOICE, query_of
from trackboard.service import wire
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.history.groups import Group, GroupPage, Statistics
    from trackboard.ports import Field
    from trackboard.service import Service

MOST_GROUPS = 1000  # in one answer


def list_groups(service: Service, given: Given) -> Json:
    """A page of groups of runs."""
    by = [*map(parse_field, given.texts("group"))]
    fields = [*dict.fromkeys(map(parse_field, given.texts("column")))]
    order = given.find_text("order")
    page = service.runs.read_groups(
        query_of(given),
        by,
        fields,
        parse_orders([order])[0] if order else None,
        limit=min(max(1, given.number("limit")), MOST_GROUPS),
        after=given.find_text("after") or "",
    )
    return group_page(page, by, fields)


def group_page(page: GroupPage, by: Sequence[Field], fields: Sequence[Field]) -> Json:
    """A page of groups becomes JSON.

    Args:
        page: The page.
        by: What the runs of a group have the same of.
        fields: Of what there are statistics.
    """
    return {
        "groups": [_group(each, by, fields) for each in page.groups],
        "count": page.count,
        "runs": page.runs,
        "next": page.next or None,
    }


def _group(group: Group, by: Sequence[Field], fields: Sequence[Field]) -> Json:
    pairs = [*zip(by, group.key, strict=True)]
    return {
        "key": {heading(field): wire.number(value) for field, value in pairs},
        "where": " and ".join(write_equal(*pair) for pair in pairs),
        "runs": group.count,
        "statistics": {
            heading(field): None if each is None else _statistics(each)
            for field, each in zip(fields, group.statistics, strict=True)
        },
    }


def _statistics(of: Statistics) -> Json:
    return {
        "count": of.count,
        "mean": wire.number(of.mean),
        "deviation": wire.number(of.deviation),
        "min": wire.number(of.least),
        "max": wire.number(of.greatest),
    }


OPERATIONS = (
    Operation(
        "/groups",
        "Runs in groups that have the same, with statistics over all runs of each, a page at a time.",
        "GroupPage",
        list_groups,
        [
            Parameter(
                "group",
                "What the runs of a group have the same of, such as params.lr; repeat it.",
                is_required=True,
                is_repeatable=True,
            ),
            Parameter(
                "column", "Of what there are statistics, such as loss.min.", is_repeatable=True
            ),
            Parameter("order", "By the mean of which of them, greatest first; -NAME: least first."),
            *CHOICE,
            Parameter("limit", f"At most so many, up to {MOST_GROUPS:,}.", int, default=100),
            Parameter("after", "`next` of the page before."),
        ],
    ),
)
