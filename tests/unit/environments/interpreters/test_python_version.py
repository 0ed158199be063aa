import pytest

from trackboard.environments.interpreters.python_version import choose_python, is_met
from trackboard.errors import UsageError


@pytest.mark.parametrize("version", ["3.6.2", "3.8.12", "3.8.13", "3.9.12", "3.10.18"])
def test_what_the_sdk_wrote_by_itself_means_any(version: str) -> None:
    choice = choose_python(version)

    assert (choice.version, choice.is_raised) == ("", False)
    assert f"Python {version} is a default of the Azure ML SDK" in choice.sentence


@pytest.mark.parametrize(
    "version",
    ["2", "2.7", "3.5", "3.6", "3.6.10", "3.7", "3.8", "3.8.10", "<3.9", ">=3.6,<3.8", "~=3.8.0",
     "==3.7.*", ">=3.6, <=3.8.20"],
)  # fmt: skip
def test_what_cannot_record_is_raised(version: str) -> None:
    choice = choose_python(version)

    assert (choice.version, choice.is_raised, choice.is_of_old) == (">=3.9", True, True)
    assert f"Python {version} cannot record" in choice.sentence


@pytest.mark.parametrize("version", ["", "3", "3.9", "3.9.7", "3.11", "3.99", ">=3.10,<3.13"])
def test_what_can_record_is_as_it_was_written(version: str) -> None:
    choice = choose_python(version)

    assert (choice.version, choice.is_raised, choice.sentence) == (version, False, "")


@pytest.mark.parametrize(
    ("version", "becomes"),
    [
        (">=3.6", ">=3.6,>=3.9"),
        (">=3.7,<3.11", ">=3.7,<3.11,>=3.9"),
        ("~=3.8", "~=3.8,>=3.9"),
        ("<4", "<4,>=3.9"),
    ],
)
def test_a_range_loses_what_cannot_record(version: str, becomes: str) -> None:
    choice = choose_python(version)

    assert (choice.version, choice.is_raised) == (becomes, False)
    assert is_met("3.10.4", choice.version)
    assert not is_met("3.8.18", choice.version)


@pytest.mark.parametrize("version", ["three", "3.x", "3.9; rm", "-3", "latest"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(UsageError, match="no version of Python") as caught:
        choose_python(version)
    assert '"3.11"' in caught.value.hint
