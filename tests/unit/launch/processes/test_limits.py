"""What a share says to the processes that have it."""

from trackboard.launch.processes.limits import merge_shares, share_variables
from trackboard.model import Share


def test_nothing_decided_says_nothing() -> None:
    assert merge_shares(()) == Share()
    assert share_variables(Share(), 1, {}) == {}


def test_threads_are_divided_and_never_none() -> None:
    share = Share(cpus=4)
    assert share_variables(share, 2, {}) == {"OMP_NUM_THREADS": "2"}
    assert share_variables(share, 3, {}) == {"OMP_NUM_THREADS": "1"}
    assert share_variables(share, 8, {}) == {"OMP_NUM_THREADS": "1"}


def test_what_the_user_chose_stays() -> None:
    assert share_variables(Share(cpus=4), 1, {"OMP_NUM_THREADS": "3"}) == {}


def test_gpus() -> None:
    assert share_variables(Share(gpus=("1", "2")), 1, {}) == {"CUDA_VISIBLE_DEVICES": "1,2"}
    assert share_variables(Share(gpus=()), 1, {}) == {"CUDA_VISIBLE_DEVICES": ""}


def test_nodes_together() -> None:
    nodes = [Share(2, 100, ("0",)), Share(2, 100, ("1",))]
    assert merge_shares(nodes) == Share(4, 200, ("0", "1"))
    assert merge_shares([Share(gpus=("0",)), Share(gpus=("0",))]).gpus == ("0",)


def test_one_node_without_a_limit_is_without_one_together() -> None:
    assert merge_shares([Share(2, 100), Share(2, None)]) == Share(4, None)
