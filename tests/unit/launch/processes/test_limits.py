"""What limits say to the processes that have them."""

from trackboard.launch.processes.limits import limit_variables, merge_limits
from trackboard.model import ResourceLimits


def test_nothing_decided_says_nothing() -> None:
    assert merge_limits(()) == ResourceLimits()
    assert limit_variables(ResourceLimits(), 1, {}) == {}


def test_threads_are_divided_and_never_none() -> None:
    limits = ResourceLimits(cpus=4)
    assert limit_variables(limits, 2, {}) == {"OMP_NUM_THREADS": "2"}
    assert limit_variables(limits, 3, {}) == {"OMP_NUM_THREADS": "1"}
    assert limit_variables(limits, 8, {}) == {"OMP_NUM_THREADS": "1"}


def test_what_the_user_chose_stays() -> None:
    assert limit_variables(ResourceLimits(cpus=4), 1, {"OMP_NUM_THREADS": "3"}) == {}


def test_gpus() -> None:
    assert limit_variables(ResourceLimits(gpus=("1", "2")), 1, {}) == {
        "CUDA_VISIBLE_DEVICES": "1,2"
    }
    assert limit_variables(ResourceLimits(gpus=()), 1, {}) == {"CUDA_VISIBLE_DEVICES": ""}


def test_nodes_together() -> None:
    nodes = [ResourceLimits(2, 100, ("0",)), ResourceLimits(2, 100, ("1",))]
    assert merge_limits(nodes) == ResourceLimits(4, 200, ("0", "1"))
    assert merge_limits([ResourceLimits(gpus=("0",)), ResourceLimits(gpus=("0",))]).gpus == ("0",)


def test_one_node_without_a_limit_is_without_one_together() -> None:
    assert merge_limits([ResourceLimits(2, 100), ResourceLimits(2, None)]) == ResourceLimits(
        4, None
    )
