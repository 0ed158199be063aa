from pathlib import Path

import pytest

from trackboard.environments import read_conda_file, read_requirements
from trackboard.environments.packages.conda import join_pythons, parse_spec
from trackboard.errors import NotFound, UsageError


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.24", "numpy==1.24.*"),
        ("numpy=1.24.*", "numpy==1.24.*"),
        ("numpy 1.24.*", "numpy==1.24.*"),
        ("numpy==1.24.3", "numpy==1.24.3"),
        ("numpy 1.24.3", "numpy==1.24.3"),
        ("numpy=1.*", "numpy==1.*"),
        ("numpy=*", "numpy"),
        ("scikit-learn>=1.0", "scikit-learn>=1.0"),
        ("scikit-learn >= 1.0, <2", "scikit-learn>=1.0,<2"),
        ("scipy >=1.10.*", "scipy>=1.10"),
        ("scipy!=1.11", "scipy!=1.11"),
        ("pytorch::pytorch", "torch"),
        ("pytorch::pytorch==2.1", "torch==2.1"),
        ("conda-forge/linux-64::py-xgboost=2", "xgboost==2.*"),
        ("foo[version='>=1']", "foo>=1"),
        ("foo[version='>=1', build=py39]", "foo>=1"),
        ("Pillow", "pillow"),
        ("opencv=4", "opencv-python-headless==4.*"),
        ("msgpack-python", "msgpack"),
        ("tensorflow=2.0rc1", "tensorflow==2.0rc1"),
    ],
)
def test_conda_in_the_words_of_pip(spec: str, requirement: str) -> None:
    found = parse_spec(spec)
    assert (found.requirement, found.unclear) == (requirement, "")


@pytest.mark.parametrize(
    "spec", ["cudatoolkit=11.3", "nvidia::cudnn", "libgcc-ng", "mkl=2023", "gcc"]
)
def test_what_is_no_package_of_python(spec: str) -> None:
    assert parse_spec(spec).requirement == ""


@pytest.mark.parametrize(
    ("spec", "requirement", "unclear"),
    [
        ("numpy=1.24.3=py39h_0", "numpy==1.24.3.*", "py39h_0"),
        ("numpy 1.24.3 py39h_0", "numpy==1.24.3", "py39h_0"),
        ("numpy 1.24|1.25", "numpy", "1.24|1.25"),
        ("numpy=x y", "numpy", "=x"),
    ],
)
def test_what_pip_has_no_words_for(spec: str, requirement: str, unclear: str) -> None:
    found = parse_spec(spec)
    assert (found.requirement, found.unclear) == (requirement, unclear)


def test_no_spec() -> None:
    with pytest.raises(UsageError, match=r"'=1\.0' is no package"):
        parse_spec("=1.0")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("wheel\n")
    file = tmp_path / "conda.yml"
    file.write_text(
        """
name: project
channels: [conda-forge]
dependencies:
  - python=3.9
  - pip=20.2.4
  - numpy=1.24
  - pip:
      - azureml-defaults
      - -r more.txt
      - --extra-index-url https://host/simple
"""
    )
    found = read_conda_file(file)
    assert (found.name, found.python) == ("project", "3.9")
    assert found.conda_packages == ("pip=20.2.4", "numpy=1.24")
    assert found.pip_packages == ("azureml-defaults", "wheel")
    assert found.pip_options == ("--extra-index-url", "https://host/simple")


def test_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("dependencies:\n  - python\n  - pip:\n")
    assert read_conda_file(tmp_path / "conda.yml").python == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "has no list 'dependencies'"),
        ("dependencies: numpy", "has no list 'dependencies'"),
        ("dependencies: [{npm: [x]}]", "neither a package nor the list 'pip'"),
        ("dependencies: [{pip: x}]", "neither a package nor the list 'pip'"),
        ("a: [", "not valid YAML"),
        ("? [a]\n: b", "line 1, column 3"),
    ],
)
def test_no_file_of_conda(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_conda_file(tmp_path / "conda.yml")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.yml"):
        read_conda_file(tmp_path / "gone.yml")


def test_one_python() -> None:
    assert join_pythons(["", "==3.9.*", "3.9"]) == "3.9"
    assert join_pythons([">=3.8,<3.11"]) == ">=3.8,<3.11"
    with pytest.raises(UsageError, match=r"3\.10 and 3\.9"):
        join_pythons(["3.9", "==3.10.*"])


@pytest.mark.parametrize(
    "name",
    ["r", "r-base", "r-essentials", "r-ggplot2", "_r-mutex", "bioconductor-deseq2", "perl-json", "rb-x",
     "gcc_linux-64", "ld_impl_osx-arm64", "libgcc-ng", "m2w64-gcc", "vs2015_runtime", "vc", "julia",
     "font-ttf-inconsolata", "fonts-conda-forge", "xorg-libx11", "cuda-nvtx", "libcublas", "__glibc",
     "sysroot_linux-64", "kernel-headers_linux-64", "cudatoolkit", "openjdk", "jq", "texlive-core"],
)  # fmt: skip
def test_names_that_are_no_packages_of_python(name: str) -> None:
    assert parse_spec(f"conda-forge::{name}=1.2").requirement == ""


@pytest.mark.parametrize(
    "name",
    ["rpy2", "requests", "ray", "regex", "librosa", "libsass", "perlin-noise", "rich", "r2pipe", "gopup",
     "cuda-python", "fonttools", "xgboost", "vcrpy", "luaparser", "ruamel.yaml", "rasterio"],
)  # fmt: skip
def test_names_that_are(name: str) -> None:
    assert parse_spec(name).requirement


@pytest.mark.parametrize(
    "text",
    ["numpy\npandas==1.5\n", "# of ours\nnumpy>=1 ; python_version > '3'\n", "-r more.txt\n",
     "--extra-index-url https://host/simple\ntorch[a] @ https://host/torch.whl\n"],
)  # fmt: skip
def test_a_file_of_pip_says_how_it_is_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("six\n")
    (tmp_path / "requirements.txt").write_text(text)

    with pytest.raises(UsageError, match="is a requirements file of pip") as caught:
        read_conda_file(tmp_path / "requirements.txt")
    assert "Environment.from_pip_requirements(name, 'requirements.txt')" in caught.value.hint
    assert "--requirements requirements.txt" in caught.value.hint


def test_a_file_of_conda_says_how_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("name: a\ndependencies:\n  - numpy\n")

    with pytest.raises(UsageError, match="is an environment file of conda") as caught:
        read_requirements(tmp_path / "conda.yml")
    assert "from_conda_specification(name, 'conda.yml')" in caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_file_as_powershell_writes_it(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_bytes("dependencies: [numpy]\n".encode(encoding))
    (tmp_path / "it.txt").write_bytes("six\n".encode(encoding))

    assert read_conda_file(tmp_path / "conda.yml").conda_packages == ("numpy",)
    assert read_requirements(tmp_path / "it.txt") == (("six",), ())


def test_a_file_that_is_called_like_a_curated_environment_is_of_it(tmp_path: Path) -> None:
    for name, curated in (("AzureML-sklearn-1.5", "AzureML-sklearn-1.5"), ("mine", "")):
        (tmp_path / "conda.yml").write_text(f"name: {name}\ndependencies: [numpy]\n")
        assert read_conda_file(tmp_path / "conda.yml").curated == curated
