"""Tests of one group run on one worker, or each worker starts a cluster and a database server of its own."""

import pytest


@pytest.mark.xdist_group("groups")
def test_a_group_is_told_to_whoever_spreads_the_tests(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("loadgroup", default=False):  # set where `--dist loadgroup` is kept
        assert request.node.nodeid.endswith("@groups")
