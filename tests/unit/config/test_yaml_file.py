from pathlib import Path

import pytest

from trackboard.config.yaml_file import read_yaml
from trackboard.errors import UsageError


def _doubled(last: str) -> str:
    lines = ["a0: &a0 " + last]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [\n", "line 2, column 1"),
        ("\n\na: !!int ''\n", "does not fit .*int.*line 3, column 4"),
        ("a: !!timestamp x", "line 1, column 4"),
        ("a: !!bool maybe", "line 1, column 4"),
        ("a: 2024-13-45", "month must be in 1..12.*line 1"),
        ("a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("[" * 500_000, "nested more than 100 deep"),
        ("- " * 5_000 + "a", "nested too deep"),
        ("a: &a [*a]", "nested more than 100 deep"),
        ("a: &a {<<: *a}", "nested too deep"),
        ("a: 1" + ":1" * 100_000, "a number of 200,001 characters"),
        ("a: " + "9" * 5_000, "a number of 5,000 characters"),
        (_doubled("{" + ", ".join(f"k{n}: 1" for n in range(400)) + "}"), "'<<' brings more than"),
        (
            "\n".join(
                ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
            ),
            "more than 200,000 values",
        ),
        ("#" * 600_000, "more than 524,288 bytes"),
    ],
)
def test_yaml_that_is_none_or_would_never_end(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "it.yml").write_text(text)
    with pytest.raises(UsageError, match=f"(?s){said}") as caught:
        read_yaml(tmp_path / "it.yml", "conda file")
    assert f"the conda file {str(tmp_path / 'it.yml')!r}" in caught.value.message
    assert len(caught.value.message) < 1_000


def test_merged_tables_are_merged(tmp_path: Path) -> None:
    (tmp_path / "it.yml").write_text(_doubled("{x: 1, y: 2}") + "\nb: {<<: *a0, y: 3}\n")
    found = read_yaml(tmp_path / "it.yml", "conda file")
    assert found["a59"] == {"x": 1, "y": 2}
    assert found["b"] == {"x": 1, "y": 3}
