"""Which versions an environment gets, with the real uv, from a folder of tiny wheels."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from trackboard.environments import prepare_environment
from trackboard.environments.interpreters.discovery import list_pythons
from trackboard.environments.uv.process import Uv
from trackboard.errors import UsageError
from trackboard.model import EnvironmentPlan

if TYPE_CHECKING:
    from tests.unit.environments.conftest import Index, Preparing

_OURS = f"cp{sys.version_info.major}{sys.version_info.minor}"
_OLD = "cp27-none-any"


def prepare(preparing: Preparing, plan: EnvironmentPlan) -> dict[str, str]:
    """What an environment has: the version of each package, and of Python."""
    prepared = prepare_environment(
        plan,
        preparing.variables,
        report=preparing.said.append,
        is_canceled=lambda: False,
        build_log=preparing.logged.append,
    )
    assert prepared is not None
    assert prepared.lease is not None
    about = prepared.lease.about
    prepared.release()
    return {"python": about.python} | dict(line.split("==") for line in about.packages)


def minors(preparing: Preparing) -> list[tuple[int, int]]:
    """The Pythons of this machine that can record, the oldest first."""
    uv = Uv(
        preparing.index.folder,
        preparing.variables,
        is_canceled=lambda: False,
        log=preparing.logged.append,
    )
    return sorted(one.minor for one in list_pythons(uv))


@pytest.fixture
def versions(index: Index) -> Index:
    """`beta` in versions of which the older have no wheels for today's Pythons."""
    for version in ("1.0.0", "1.0.1", "2.0.0"):
        index.add("beta", version, tag=_OLD)
    for version in ("2.1.0", "2.1.3", "3.0.0"):
        index.add("beta", version)
    return index


@pytest.mark.usefixtures("versions")
def test_the_next_newer_will_do_where_that_was_said(preparing: Preparing) -> None:
    plan = EnvironmentPlan(requirements=("beta~=1.0.0", "alpha"), or_newer=("beta~=1.0.0",))

    for _ in range(2):  # the second time it is there
        preparing.said.clear()
        found = prepare(preparing, plan)
        assert (found["beta"], found["alpha"]) == ("2.1.3", "1.0")
        assert any("beta 2.1.3 (~=1.0.0)" in line for line in preparing.said)


@pytest.mark.usefixtures("versions")
def test_as_far_as_there_are_wheels_it_is_what_was_said(preparing: Preparing) -> None:
    plan = EnvironmentPlan(requirements=("beta~=2.1.0",), or_newer=("beta~=2.1.0",))

    assert prepare(preparing, plan)["beta"] == "2.1.3"
    assert not any("newer" in line for line in preparing.said)


def test_what_others_need_comes_before_it(preparing: Preparing, versions: Index) -> None:
    versions.add("gamma", Requires_Dist="beta>=3")
    plan = EnvironmentPlan(requirements=("beta~=1.0.0", "gamma"), or_newer=("beta~=1.0.0",))

    assert prepare(preparing, plan)["beta"] == "3.0.0"


def test_one_without_any_wheel_of_today_keeps_the_others_from_nothing(
    preparing: Preparing, versions: Index
) -> None:
    versions.add("beta", "4.0.0", tag=_OLD)
    plan = EnvironmentPlan(requirements=("beta~=4.0.0",), or_newer=("beta~=4.0.0",))

    assert prepare(preparing, plan)["beta"] == "3.0.0"


def test_what_nobody_wrote_is_left_out_where_it_cannot_be_had(preparing: Preparing) -> None:
    plan = EnvironmentPlan(requirements=("alpha", "numpy"), optional=("numpy",))

    assert "numpy" not in prepare(preparing, plan)
    assert "left out, as it cannot be had with the rest: numpy" in preparing.said


def test_what_somebody_wrote_is_not(preparing: Preparing) -> None:
    plan = EnvironmentPlan(requirements=("nmpy", "alpha"), optional=("alpha",))

    with pytest.raises(UsageError, match="nmpy was not found"):
        prepare(preparing, plan)


def test_of_a_raised_python_the_oldest_that_has_wheels(preparing: Preparing) -> None:
    found = minors(preparing)
    plan = EnvironmentPlan(python=">=3.9", oldest_python=True, requirements=("alpha",))
    assert prepare(preparing, plan)["python"].startswith("{}.{}.".format(*found[0]))

    for minor in found[1:]:
        preparing.index.add("special", tag="cp{}{}-none-any".format(*minor))
    plan = EnvironmentPlan(python=">=3.9", oldest_python=True, requirements=("special",))
    if found[1:]:
        assert prepare(preparing, plan)["python"].startswith("{}.{}.".format(*found[1]))


def test_a_raised_python_without_packages(preparing: Preparing) -> None:
    oldest = minors(preparing)[0]
    plan = EnvironmentPlan(python=">=3.9", oldest_python=True)

    assert prepare(preparing, plan)["python"].startswith("{}.{}.".format(*oldest))


@pytest.mark.parametrize("python", ["", ".".join(map(str, sys.version_info[:2]))])
@pytest.mark.usefixtures("versions")
def test_the_hint_names_the_nearest_version_and_no_python_that_was_tried(
    preparing: Preparing, python: str
) -> None:
    with pytest.raises(UsageError) as caught:
        preparing("beta==1.0.1", python=python)
    assert "The nearest with wheels for Python 3." in caught.value.hint
    assert ": beta==2.1.0." in caught.value.hint
    assert "python_version=" not in caught.value.hint


@pytest.mark.usefixtures("versions")
def test_the_hint_names_only_what_must_change(preparing: Preparing) -> None:
    preparing.index.add("never", "1.0", tag=_OLD)
    with pytest.raises(UsageError) as caught:
        preparing("beta==1.0.1", "alpha==1.0")
    assert ": beta==2.1.0." in caught.value.hint
    assert "alpha" not in caught.value.hint
    with pytest.raises(UsageError) as caught:
        preparing("never==1.0")
    assert caught.value.hint.startswith("Nothing near it has wheels")


@pytest.mark.requires("python3.10")
def test_the_hint_names_a_python_that_has_wheels_for_it(preparing: Preparing) -> None:
    preparing.index.add("special", tag="cp310-none-any")

    with pytest.raises(UsageError) as caught:
        preparing("special", python="{}.{}".format(*sys.version_info[:2]))
    assert 'python_version="3.10"' in caught.value.hint


def test_python_3_6_records(preparing: Preparing) -> None:
    prepared = preparing.done("alpha", python="3.6")
    code = "import azureml.core, alpha"
    done = subprocess.run(
        [prepared.python, "-c", code],
        env={**preparing.variables, **prepared.variables},
        check=False,
    )
    assert done.returncode == 0
