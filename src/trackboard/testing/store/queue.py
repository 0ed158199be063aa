"""What every store promises about compute targets and the queue of jobs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trackboard.errors import Conflict, NotFound
from trackboard.model import Compute, QueuedJob, RunId
from trackboard.ports import Store

CLUSTER = Compute(
    name="cpu-cluster",
    kind="AmlCompute",
    vm_size="STANDARD_D2_V2",
    min_nodes=0,
    max_nodes=4,
    idle_seconds_before_scaledown=120,
    created_s=10.5,
    tags={"team": "ä"},
    description="four slots",
)


def queued(run: str, compute: str = "cpu-cluster", *, claimed: bool = False) -> QueuedJob:
    """A row of the queue."""
    return QueuedJob(RunId(run), compute, 5.0, claimed)


class QueueContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_a_compute_comes_back_as_it_went_in(self, store: Store) -> None:
        assert store.find_compute("cpu-cluster") is None
        store.add_compute(CLUSTER)
        assert store.find_compute("cpu-cluster") == CLUSTER
        assert store.list_computes() == (CLUSTER,)

    def test_adding_the_same_compute_again_is_fine(self, store: Store) -> None:
        store.add_compute(CLUSTER)
        store.add_compute(replace(CLUSTER, created_s=99.0))
        assert store.list_computes() == (CLUSTER,)

    def test_adding_another_compute_of_that_name_conflicts(self, store: Store) -> None:
        store.add_compute(CLUSTER)
        with pytest.raises(Conflict, match="cpu-cluster"):
            store.add_compute(replace(CLUSTER, max_nodes=8))
        assert store.find_compute("cpu-cluster") == CLUSTER

    def test_setting_a_compute_replaces_it_in_its_place(self, store: Store) -> None:
        store.set_compute(CLUSTER)
        store.set_compute(replace(CLUSTER, name="gpu"))
        store.set_compute(replace(CLUSTER, max_nodes=8))
        assert [(each.name, each.max_nodes) for each in store.list_computes()] == [
            ("cpu-cluster", 8),
            ("gpu", 4),
        ]

    def test_deleting_a_compute(self, store: Store) -> None:
        store.add_compute(CLUSTER)
        store.add_compute(replace(CLUSTER, name="gpu"))
        store.delete_compute("cpu-cluster")
        assert [each.name for each in store.list_computes()] == ["gpu"]
        with pytest.raises(NotFound, match="'cpu-cluster'"):
            store.delete_compute("cpu-cluster")

    def test_a_compute_that_jobs_wait_for_stays(self, store: Store) -> None:
        store.add_compute(CLUSTER)
        store.add_job(queued("r"))
        with pytest.raises(Conflict, match="1 jobs of compute target 'cpu-cluster'"):
            store.delete_compute("cpu-cluster")
        store.remove_job(RunId("r"))
        store.delete_compute("cpu-cluster")

    def test_jobs_are_claimed_oldest_first_and_per_compute(self, store: Store) -> None:
        for run, compute in (("a", "one"), ("b", "two"), ("c", "one")):
            store.add_job(queued(run, compute))
        assert store.claim_job("one") == queued("a", "one", claimed=True)
        assert store.claim_job("one") == queued("c", "one", claimed=True)
        assert store.claim_job("one") is None
        assert store.claim_job("nowhere") is None
        assert [(job.run, job.claimed) for job in store.list_jobs()] == [
            ("a", True),
            ("b", False),
            ("c", True),
        ]
        assert [job.run for job in store.list_jobs("two")] == ["b"]

    def test_jobs_may_be_passed_over(self, store: Store) -> None:
        for run in "abc":
            store.add_job(queued(run))
        without = [RunId("a"), RunId("nobody")]
        claimed = store.claim_job("cpu-cluster", without=without)
        assert claimed is not None
        assert claimed.run == "b"
        assert store.claim_job("cpu-cluster", without=[RunId("a"), RunId("c")]) is None
        assert [job.claimed for job in store.list_jobs()] == [False, True, False]

    def test_a_job_is_queued_once(self, store: Store) -> None:
        store.add_job(queued("a"))
        with pytest.raises(Conflict, match="a"):
            store.add_job(queued("a", "elsewhere"))
        assert store.list_jobs() == (queued("a"),)

    def test_a_released_job_is_claimed_before_younger_ones(self, store: Store) -> None:
        for run in "abc":
            store.add_job(queued(run))
        store.claim_job("cpu-cluster")
        store.claim_job("cpu-cluster")
        store.release_job(RunId("a"))
        store.release_job(RunId("nobody"))
        assert [job.run for job in store.list_jobs()] == ["a", "b", "c"]
        claimed = store.claim_job("cpu-cluster")
        assert claimed is not None
        assert claimed.run == "a"

    def test_removing_says_whether_it_was_there(self, store: Store) -> None:
        store.add_job(queued("a"))
        assert store.remove_job(RunId("a")) is True
        assert store.remove_job(RunId("a")) is False
        store.add_job(queued("a"))
        assert store.list_jobs() == (queued("a"),)
