"""A plan on another machine than where it was made: what a worker makes of it before it carries it out."""

from __future__ import annotations

from typing import Protocol

from trackboard.model import JobPlan


class PlanAdapter(Protocol):
    """Turns a plan into what this machine carries out."""

    def adapt(self, plan: JobPlan) -> JobPlan:
        """Return the plan as it is on this machine."""
        ...


class SameMachine:
    """Leaves a plan as it was made: on this machine, by this user."""

    def adapt(self, plan: JobPlan) -> JobPlan:
        """Return the plan itself."""
        return plan
