import pytest

from trackboard.environments.resolution.nearest_versions import (
    at,
    describe_newer,
    or_newer,
    read_lock,
)


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("numpy==1.19.5", "numpy>=1.19.5"),
        ("numpy==1.19.*", "numpy>=1.19"),
        ("numpy~=1.19.0", "numpy>=1.19.0"),
        ("pandas<2", "pandas>=2"),
        ("pandas>=1.1,<2", "pandas>=2"),
        ("dask[complete]==2.0", "dask[complete]>=2.0"),
        ('six==1 ; python_version > "3"', 'six>=1; python_version > "3"'),
        ("numpy", None),
        ("numpy>=1.19", None),
        ("numpy!=1.19", None),
        ("a @ https://host/a.whl", None),
        ("/a.whl", None),
    ],
)
def test_or_newer(line: str, becomes: str | None) -> None:
    assert or_newer(line) == becomes


@pytest.mark.parametrize(
    ("line", "version", "becomes"),
    [
        ("numpy==1.19.5", "1.23.2", "numpy~=1.23.2"),
        ("dask[complete]~=2.0.0", "2026.1.0", "dask[complete]~=2026.1.0"),
        ("a==1", "2", "a==2"),
        ("a==1", "2.0rc1", "a==2.0rc1"),
    ],
)
def test_at_a_version_or_a_later_fix_of_it(line: str, version: str, becomes: str) -> None:
    assert at(line, version) == becomes


def test_what_became_newer_is_said() -> None:
    lock = "--index-url x\nnumpy==1.23.5\nscikit-learn[all]==1.5.2\n"
    assert read_lock(lock) == {"numpy": "1.23.5", "scikit-learn": "1.5.2"}

    said = describe_newer(["numpy~=1.22.0", "Scikit_learn~=1.5.0", "other==1"], lock, "3.11.7")
    assert said == (
        "newer than asked for, as nothing older has wheels for Python 3.11.7 and fits together:"
        " numpy 1.23.5 (~=1.22.0)",
    )
    assert describe_newer(["scikit-learn~=1.5.0"], lock, "3.11.7") == ()
