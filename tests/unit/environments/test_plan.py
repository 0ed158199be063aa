import sys
from pathlib import Path

import pytest

from trackboard.environments import plan_environment
from trackboard.errors import UsageError
from trackboard.model import EnvironmentRequest


@pytest.mark.parametrize(
    "request_",
    [
        EnvironmentRequest(),
        EnvironmentRequest(name="mine"),
        EnvironmentRequest(pip_packages=("azureml-defaults", "azureml-core==1.2")),
        EnvironmentRequest(conda_packages=("pip=20.2.4", "pip", "setuptools")),
        EnvironmentRequest(pip_options=("--extra-index-url", "https://host/simple")),
        EnvironmentRequest(name="azureml-MINIMAL"),
        EnvironmentRequest(interpreter="python"),
    ],
    ids=["nothing", "a name", "the sdk", "tools", "options", "minimal", "python"],
)
def test_nothing_of_others_means_the_interpreter_that_submits(request_: EnvironmentRequest) -> None:
    plan = plan_environment(request_)
    assert (plan.interpreter, plan.requirements, plan.python) == (sys.executable, (), "")


@pytest.mark.parametrize(
    ("named", "becomes"),
    [("/opt/python", "/opt/python"), ("python3.9", "python3.9"), ("bin/python", "{}/bin/python")],
)
def test_an_interpreter_by_name(named: str, becomes: str, empty_folder: Path) -> None:
    plan = plan_environment(EnvironmentRequest(interpreter=named))
    assert plan.interpreter == becomes.format(empty_folder)


def test_the_sdk_is_replaced_and_that_is_said() -> None:
    plan = plan_environment(EnvironmentRequest(pip_packages=("azureml-defaults", "six==1.16")))
    assert (plan.interpreter, plan.requirements) == ("", ("six==1.16", "numpy", "pyarrow"))
    assert plan.optional == ("numpy", "pyarrow")
    assert plan.substitutions == (
        "not installed, as this trackboard answers to their names: azureml-defaults",
        "installed, as the SDK's packages bring it along: numpy, pyarrow",
    )


def test_what_this_python_lacks_of_the_sdk_is_built() -> None:
    plan = plan_environment(EnvironmentRequest(pip_packages=("azureml-interpret",)))
    assert plan.interpreter == ""
    assert plan.or_newer == plan.optional == ("interpret-community~=0.31.0", "numpy~=1.23.0")


@pytest.mark.parametrize("version", ["3.6.2", "3.8.13", "3.10.18"])
def test_a_version_that_nobody_chose(version: str) -> None:
    alone = plan_environment(EnvironmentRequest(python=version, pip_packages=("azureml-defaults",)))
    assert (alone.interpreter, alone.python) == (sys.executable, "")
    plan = plan_environment(EnvironmentRequest(python=version, pip_packages=("six",)))
    assert (plan.interpreter, plan.python, plan.oldest_python) == ("", "", False)
    assert f"Python {version} is a default of the Azure ML SDK" in plan.substitutions[0]
    is_old = "3.10" not in version
    assert any("numpy<1.24" in one for one in plan.substitutions) is is_old


@pytest.mark.parametrize("version", ["3.6", "3.7.*", "2.7"])
@pytest.mark.parametrize("packages", [(), ("azureml-defaults",), ("six",)])
def test_a_version_that_cannot_record(version: str, packages: tuple[str, ...]) -> None:
    plan = plan_environment(
        EnvironmentRequest(conda_packages=(f"python={version}",), pip_packages=packages)
    )
    assert (plan.interpreter, plan.python, plan.oldest_python) == ("", ">=3.9", True)
    assert any("cannot record, which needs 3.9" in one for one in plan.substitutions)


def test_the_pair_of_old_documents() -> None:
    """Python 3.6.2 and TensorFlow 1.12: neither is there, and both have something in their place."""
    plan = plan_environment(
        EnvironmentRequest(
            python="3.6.2",
            conda_packages=("tensorflow-gpu=1.12",),
            pip_packages=("azureml-defaults",),
        )
    )
    assert (plan.python, plan.tensorflow_v1) == ("", True)
    assert plan.requirements == ("tensorflow", "numpy", "pyarrow")


def test_conda_is_translated_and_that_is_said() -> None:
    plan = plan_environment(
        EnvironmentRequest(
            conda_packages=("python=3.9", "pytorch::pytorch>=2", "cudatoolkit=11", "six", "pip=20"),
            pip_packages=("six",),
        )
    )
    assert (plan.python, plan.requirements) == ("3.9", ("six", "torch>=2", "pip"))
    assert plan.substitutions[0].endswith("from PyPI: pytorch::pytorch>=2 -> torch>=2, six")
    assert "no packages of Python: cudatoolkit=11;" in plan.substitutions[1]


def test_what_conda_says_and_pip_cannot() -> None:
    plan = plan_environment(EnvironmentRequest(conda_packages=("numpy 1.24|1.25",)))
    assert plan.requirements == ("numpy",)
    assert "no words for '1.24|1.25'" in plan.substitutions[0]


@pytest.mark.parametrize(
    "line",
    ["tensorflow==1.15", "tensorflow-gpu==1.13.1", "tensorflow<2", "tensorflow~=1.4",
     "TensorFlow>=1.14,<2.0", "tensorflow==1.*", "tensorflow-cpu<=1.15"],
)  # fmt: skip
def test_tensorflow_1(line: str) -> None:
    plan = plan_environment(EnvironmentRequest(pip_packages=(line, "tensorboard==1.15", "six")))
    assert plan.tensorflow_v1
    assert plan.requirements == ("tensorflow", "six")
    assert line in plan.substitutions[0]
    assert "tensorboard==1.15 is left out" in plan.substitutions[1]


@pytest.mark.parametrize("line", ["tensorflow", "tensorflow==2.2", "tensorflow<3", "tensorflow>1"])
def test_tensorflow_2(line: str) -> None:
    plan = plan_environment(EnvironmentRequest(pip_packages=(line, "tensorboard==2.1")))
    assert (plan.tensorflow_v1, plan.substitutions) == (False, ())
    assert plan.requirements == (line, "tensorboard==2.1")


def test_tensorflow_for_gpus() -> None:
    plan = plan_environment(EnvironmentRequest(conda_packages=("tensorflow-gpu=2.12",)))
    assert plan.requirements == ("tensorflow==2.12.*",)
    assert not plan.tensorflow_v1


def test_a_curated_name() -> None:
    plan = plan_environment(EnvironmentRequest(name="AzureML-TensorFlow-2.2-GPU"))
    assert plan.requirements[:2] == ("tensorflow~=2.2.0", "numpy~=1.19.0")
    assert {"tensorflow~=2.2.0", "numpy~=1.19.0"} < {*plan.or_newer}
    assert "mlflow-skinny" in plan.requirements
    assert "AzureML-TensorFlow-2.2-GPU" in plan.substitutions[0]
    old = plan_environment(EnvironmentRequest(name="azureml-tensorflow-1.13-gpu"))
    assert old.tensorflow_v1


def test_a_curated_one_under_a_new_name_is_as_lenient_and_what_was_added_is_not() -> None:
    plan = plan_environment(
        EnvironmentRequest(
            name="mine",
            curated="AzureML-sklearn-1.5",
            pip_packages=("scikit-learn~=1.5.0", "numpy==1.26.4", "six==1.16"),
        )
    )
    assert plan.requirements == ("scikit-learn~=1.5.0", "numpy==1.26.4", "six==1.16")
    assert plan.or_newer == ("scikit-learn~=1.5.0",)


@pytest.mark.parametrize(
    ("name", "has_gpu", "package"),
    [
        ("AzureML-TensorFlow-2.2-GPU", True, "tensorflow[and-cuda]"),
        ("AzureML-TensorFlow-2.2-GPU", False, "tensorflow"),
        ("AzureML-TensorFlow-2.2-CPU", True, "tensorflow"),
    ],
)
def test_a_curated_name_for_gpus(
    name: str,
    has_gpu: bool,
    package: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if has_gpu:
        (tmp_path / "nvidia-smi").write_text("")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    plan = plan_environment(EnvironmentRequest(name=name, pip_packages=("tensorflow",)))
    assert plan.requirements == (package,)
    plan = plan_environment(EnvironmentRequest(name=name))
    assert plan.requirements[0] == plan.or_newer[0] == f"{package}~=2.2.0"


def test_it_was_made_for_tensorflow_1() -> None:
    plan = plan_environment(EnvironmentRequest(pip_packages=("tensorflow",), tensorflow_v1=True))
    assert plan.tensorflow_v1


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (EnvironmentRequest(interpreter="python", pip_packages=("six",)), "packages"),
        (EnvironmentRequest(interpreter="python", python="3.9"), "version"),
        (EnvironmentRequest(python="3.9", conda_packages=("python=3.10",)), "two versions"),
        (EnvironmentRequest(python="three"), "'three' is no version of Python"),
        (EnvironmentRequest(pip_packages=("six ==",)), "'six ==' is no requirement"),
        (EnvironmentRequest(pip_packages=("--user-agent x",)), "'--user-agent'"),
    ],
)
def test_contradictions(request_: EnvironmentRequest, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        plan_environment(request_)
    assert caught.value.hint


def test_everything_is_absolute_and_once(empty_folder: Path) -> None:
    plan = plan_environment(
        EnvironmentRequest(
            pip_packages=("./a.whl", "six", "six"), pip_options=("--find-links wheels", "--pre")
        )
    )
    assert plan.requirements == (str(empty_folder / "a.whl"), "six")
    assert plan.options == ("--find-links", str(empty_folder / "wheels"), "--pre")
