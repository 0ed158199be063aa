import os
from pathlib import Path

import pytest

from trackboard.environments import read_requirements
from trackboard.environments.packages.requirements import (
    canonical,
    parse_requirement,
    read_lines,
    read_options,
    requirement_name,
)
from trackboard.errors import NotFound, UsageError


def test_a_file_of_pip(tmp_path: Path) -> None:
    """Comments, blanks, continued lines, options, other files: nothing of it is a package."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("six==1.16.0\n./local.whl\n-r deeper.txt\n")
    (tmp_path / "more" / "deeper.txt").write_text("wheel\n")
    (tmp_path / "limits.txt").write_text("numpy<2  # not yet\n\nscipy<1.14\n")
    file = tmp_path / "requirements.txt"
    file.write_text(
        """\ufeff# what we need
numpy>=1.26   # arrays

pandas[excel]==2.2.*; python_version >= "3.9"
torch @ https://host/torch-2.0-cp311-cp311-linux_x86_64.whl#sha256=00
scipy \\
  >=1.10
--extra-index-url https://user:${TOKEN}@host/simple
-i=https://other/simple
--find-links wheels --pre
-r more/base.txt
-c limits.txt
-e ./mine
--no-index
--require-hashes
""",
        encoding="utf-8",
    )
    packages, options = read_requirements(file)
    assert packages == (
        "numpy>=1.26",
        'pandas[excel]==2.2.*; python_version >= "3.9"',
        "torch @ https://host/torch-2.0-cp311-cp311-linux_x86_64.whl#sha256=00",
        "scipy   >=1.10",
        "six==1.16.0",
        str(tmp_path / "more" / "local.whl"),
        "wheel",
        f"-e {tmp_path / 'mine'}",
    )
    assert options == (
        *("--extra-index-url", "https://user:${TOKEN}@host/simple"),
        *("--index-url", "https://other/simple"),
        *("--find-links", str(tmp_path / "wheels"), "--pre"),
        *("--constraint", "numpy<2", "--constraint", "scipy<1.14"),
        "--no-index",
    )


def test_what_was_read_can_be_read_again(tmp_path: Path) -> None:
    words = ("--constraint", "numpy<2", "--find-links", "/wheels", "--pre")
    assert tuple(read_options(words, tmp_path).options) == words
    lines = ["-e /mine", "/a/b.whl", "six", "git+https://host/x@main"]
    assert read_lines(lines, tmp_path).packages == lines


@pytest.mark.parametrize(
    ("line", "absolute"),
    [
        ("./a.whl", "{}/a.whl"),
        ("../a", "{0.parent}/a"),
        ("a-1.0-py3-none-any.whl", "{}/a-1.0-py3-none-any.whl"),
        ('./a ; python_version < "3"', '{}/a ; python_version < "3"'),
        ("/b/c.tar.gz", "/b/c.tar.gz"),
        ("https://host/a.whl", "https://host/a.whl"),
        ("a @ file:///a.whl", "a @ file:///a.whl"),
    ],
)
def test_paths_are_those_of_who_wrote_them(line: str, absolute: str, tmp_path: Path) -> None:
    assert read_lines([line], tmp_path).packages == [absolute.format(tmp_path)]


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no requirements file '.*/gone\.txt'"):
        read_requirements(tmp_path / "gone.txt")
    (tmp_path / "it.txt").write_text("-r gone.txt")
    with pytest.raises(NotFound, match=r"gone\.txt") as caught:
        read_requirements(tmp_path / "it.txt")
    assert "it.txt" in caught.value.hint


def test_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt")
    (tmp_path / "b.txt").write_text("-r a.txt")
    with pytest.raises(UsageError, match="includes itself"):
        read_requirements(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--target /x", "'--target' has no meaning"),
        ("--index-url", "'--index-url' needs a value"),
        ("-f 'x", "cannot be split"),
    ],
)
def test_options_that_mean_nothing(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(line)
    with pytest.raises(UsageError, match=said) as caught:
        read_requirements(tmp_path / "r.txt")
    assert "r.txt" in caught.value.message


def test_no_text(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        read_requirements(tmp_path / "r.txt")


def test_one_spelling() -> None:
    assert canonical("Scikit__Learn.x") == "scikit-learn-x"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("numpy" + " " * 30_000 + "x", "no requirement of pip"),
        ("numpy\\\n" * 6_000, "more than 32,768 characters"),
        ("--index-url http://a\x07b", "control characters"),
        ("-r ~nobody-of-this-name/r.txt", "there is no requirements file"),
        ("-r " + "x" * 300, "cannot be read: File name too long"),
        ("-c " + "x" * 300, "cannot be read: File name too long"),
        ("-r .", "is a folder"),
        ("-r /proc/self/mem", "cannot be read"),
        ("-r /dev/zero", "is a device"),
    ],
)
def test_lines_that_hurt(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(line)
    with pytest.raises((UsageError, NotFound), match=said) as caught:
        list(map(parse_requirement, read_requirements(tmp_path / "r.txt")[0]))
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_a_pipe_is_not_waited_for(option: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "r.txt").write_text(f"{option} pipe")
    with pytest.raises(UsageError, match=r"pipe' is a pipe, not a file") as caught:
        read_requirements(tmp_path / "r.txt")
    assert "r.txt" in caught.value.hint


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_a_file_that_many_name_is_read_once(option: str, tmp_path: Path) -> None:
    """Two to the 40th times, if each were followed."""
    for number in range(40):
        line = f"{option} {number + 1}.txt\n"
        (tmp_path / f"{number}.txt").write_text(f"p{number}\n{line}{line}")
    (tmp_path / "40.txt").write_text("last")
    packages, options = read_requirements(tmp_path / "0.txt")
    if option == "-r":
        assert packages == (*(f"p{number}" for number in range(40)), "last")
    else:
        assert options == ("--constraint", "p1")


def test_files_that_name_each_other_without_end(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt")
    with pytest.raises(UsageError, match="more than 50 files deep"):
        read_requirements(tmp_path / "0.txt")


@pytest.mark.parametrize(
    "line", ["numpy; " + "(" * 5_000, "numpy; " + "(" * 300 + "python_version"]
)
def test_a_condition_in_very_many_brackets(line: str) -> None:
    with pytest.raises(UsageError, match="no requirement of pip") as caught:
        parse_requirement(line)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    "line", ["numpy", "a", "Num_Py.x==1.26", "numpy >= 2", "a<3", "six===1.0", "a!=0.0.1"]
)
def test_names_of_plain_requirements_are_those_that_pip_reads(line: str) -> None:
    found = parse_requirement(line)
    assert found is not None
    assert requirement_name(line) == canonical(found.name)


@pytest.mark.parametrize("line", ["numpy~=1", "-x", "numpy=1", "a==", "numpy-", "a b", "a==1 b"])
def test_what_is_no_requirement_is_none_also_when_it_looks_plain(line: str) -> None:
    with pytest.raises(UsageError, match="no requirement of pip"):
        requirement_name(line)
