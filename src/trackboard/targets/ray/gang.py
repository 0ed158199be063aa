"""The nodes of one distributed job, reserved together as a placement group of Ray.

This runs in the driver of a Ray job, on a node: the one module here that uses Ray itself.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

from trackboard.errors import TrackboardError, Unavailable
from trackboard.targets.ray.variables import part_variables

_Make = Callable[[str, dict[str, str]], object]  # address and variables of the node


class RayGang:
    """A part on each node, which is an actor in a bundle of a placement group.

    Args:
        nodes: How many.
        bundle: What each takes, in Ray's words.
        make: Makes a part, where it is to live.
    """

    def __init__(self, nodes: int, bundle: dict[str, float], make: _Make) -> None:
        import ray
        from ray.util.placement_group import placement_group

        self._ray = ray
        self._make = make
        if not ray.is_initialized():
            ray.init(address="auto", log_to_driver=False, logging_level=logging.ERROR)
        # Apart where that is possible; two nodes of a job may share a machine that is large enough.
        self._group = placement_group([bundle] * nodes, strategy="SPREAD")
        self._bundle = bundle
        self._nodes = nodes
        self._ready: Any = self._group.ready()
        self._actors: list[Any] = []

    def reserve(self, timeout_s: float) -> bool:
        """Whether all nodes are there; see `launch.worker.multi_node.Gang`."""
        if not self._actors:
            done, _ = self._ray.wait([self._ready], timeout=timeout_s)
            if not done:
                return False
            self._actors = [self._start(number) for number in range(self._nodes)]
        return True

    def ask(self, node: int, method: str, *words: Any) -> object:
        """Call a method of a part."""
        return self._actors[node].call.remote(method, words)

    def wait(self, asked: Sequence[object], timeout_s: float) -> Sequence[Any] | None:
        """The answers, or None when the time is over."""
        refs: list[Any] = [*asked]
        done, waiting = self._ray.wait(refs, num_returns=len(asked), timeout=timeout_s)
        try:
            answers: list[Any] = self._ray.get(done if waiting else refs)
        except self._ray.exceptions.RayTaskError as exc:
            cause = exc.cause
            if isinstance(cause, TrackboardError):
                raise cause from exc
            raise
        except self._ray.exceptions.RayError as exc:
            first = str(exc).strip().splitlines()
            said = " ".join(line.strip() for line in first[:6])
            raise Unavailable(f"a node of the job is gone: {said}") from exc
        return None if waiting else answers

    def close(self) -> None:
        """End the parts, and give the nodes back."""
        from ray.util.placement_group import remove_placement_group

        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []
        remove_placement_group(self._group)

    def _start(self, number: int) -> Any:
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        strategy = PlacementGroupSchedulingStrategy(
            placement_group=self._group, placement_group_bundle_index=number
        )
        actor = self._ray.remote(_Actor).options(
            num_cpus=self._bundle.get("CPU", 0),
            num_gpus=self._bundle.get("GPU", 0),
            memory=self._bundle.get("memory", 0),
            scheduling_strategy=strategy,
            max_restarts=0,
        )
        return actor.remote(self._make)


class _Actor:
    """A part, where it lives."""

    def __init__(self, make: _Make) -> None:
        import ray.util

        address = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        self._part = make(address, part_variables(os.environ))

    def call(self, method: str, words: Sequence[Any]) -> Any:
        """Call one of its methods."""
        return getattr(self._part, method)(*words)
