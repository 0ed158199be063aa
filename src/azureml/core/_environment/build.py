"""Building environments before a job asks for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, Mapping

from azureml._console import print_line
from azureml.core._refused import RefusedProperty
from azureml.exceptions import ActivityFailedException
from trackboard.environments import plan_environment, prepare_environment
from trackboard.errors import TrackboardError

if TYPE_CHECKING:
    from trackboard.model import EnvironmentPlan, EnvironmentRequest


class ImageBuildDetails:
    """How the building of an environment went; it is over when there is one of these."""

    def __init__(self, environment_client: object = None, location: object = None) -> None:
        self._lines: List[str] = []
        self._error = ""
        self._python = ""

    log_url = RefusedProperty("get_log() returns the log itself.")

    @property
    def status(self) -> str:
        """`Succeeded` or `Failed`."""
        return "Failed" if self._error else "Succeeded"

    def get_log(self) -> str:
        """What was said while it was built."""
        return "".join(f"{line}\n" for line in self._lines)

    def wait_for_completion(self, show_output: bool = True) -> None:
        """Return at once: building is over.

        Args:
            show_output: Print how it went.

        Raises:
            ActivityFailedException: It failed; the resolver's own words are in the message.
        """
        if self._error:
            raise ActivityFailedException(self._error)
        if show_output:
            print_line(f"Environment is ready: {self._python}")

    def _append_line(self, line: str) -> None:
        self._lines.append(line)
        print_line(line)


class DockerImageDetails(Dict[str, Any]):
    """Where an environment is, under the SDK's keys. There is no image."""

    @property
    def image_exist(self) -> bool:
        """Always False."""
        return bool(self["imageExistsInRegistry"])

    @property
    def repository(self) -> None:
        """Always None."""
        return None

    @property
    def registry(self) -> None:
        """Always None."""
        return None

    @property
    def image(self) -> None:
        """Always None."""
        return None

    @property
    def dockerfile(self) -> None:
        """Always None."""
        return None

    @property
    def interpreter_path(self) -> str:
        """The interpreter that is used as it is; empty when one is built."""
        return str(self["pythonEnvironment"]["interpreterPath"])

    @property
    def environment_path(self) -> None:
        """Always None: the job's log says where it is."""
        return None


def describe_image(plan: EnvironmentPlan) -> DockerImageDetails:
    """The same as `Environment.get_image_details`."""
    return DockerImageDetails(
        imageExistsInRegistry=False,
        dockerImage={"name": None, "registry": {"address": None}},
        pythonEnvironment={"interpreterPath": plan.interpreter, "condaEnvironmentPath": None},
        ingredients=None,
    )


def build(request: EnvironmentRequest, variables: Mapping[str, str]) -> ImageBuildDetails:
    """Build an environment as a job's worker would, and tell on the way."""
    details = ImageBuildDetails()
    try:
        plan = plan_environment(request)
        for sentence in plan.substitutions:
            details._append_line(sentence)
        prepared = prepare_environment(
            plan,
            {**os.environ, **variables},
            report=details._append_line,
            is_canceled=lambda: False,
            build_log=details._append_line,
        )
    except TrackboardError as error:
        details._error = f"Environment {request.name!r} cannot be built: {error}"
        details._append_line(details._error)
        return details
    assert prepared is not None  # nobody cancels it
    details._python = prepared.python
    prepared.release()
    return details
