"""Environments with the real uv, from a folder of tiny wheels."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trackboard
from trackboard.environments import Prepared, plan_environment, prepare_environment
from trackboard.environments.cache.environment_cache import EnvironmentCache
from trackboard.environments.variables import TENSORFLOW_V1, link_ours
from trackboard.errors import Unavailable, UsageError
from trackboard.model import EnvironmentPlan, EnvironmentRequest

if TYPE_CHECKING:
    from tests.unit.environments.conftest import Index, Preparing

_OURS = f"cp{sys.version_info.major}{sys.version_info.minor}"


def _run(prepared: Prepared, code: str, **variables: str) -> str:
    done = subprocess.run(
        [prepared.python, "-c", code],
        env={**os.environ, **variables, **prepared.variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_built_and_found_again(preparing: "Preparing", cache: EnvironmentCache) -> None:
    preparing.index.add("beta", Requires_Dist="alpha")
    first = preparing.done("beta", name="mine")
    assert any("built in" in line for line in preparing.logged)
    assert "installing 2 packages" in preparing.logged
    assert " + alpha==1.0" in preparing.logged
    assert not {*preparing.said} & {line.strip() for line in preparing.logged}, "told once"
    assert len(preparing.said) == 1
    assert any(line.startswith("$ uv pip compile requirements.in ") for line in preparing.logged)
    preparing.said.clear()
    preparing.logged.clear()
    again = preparing.done("beta", name="yours")
    assert (again.python, preparing.logged) == (first.python, [])
    assert preparing.said == [preparing.said[0]]
    assert ": Python 3." in preparing.said[0]
    assert "2 packages" in preparing.said[0]
    (folder,) = cache.environments.iterdir()
    assert (folder / "names").read_text() == "mine\nyours\n"


def test_it_holds_what_was_asked_for_and_this_trackboard(preparing: "Preparing") -> None:
    prepared = preparing.done("azureml-defaults", "alpha")
    code = "import alpha, sys, azureml.core, trackboard; print(alpha.version, sys.prefix)"
    assert _run(prepared, code) == f"1.0 {prepared.variables['VIRTUAL_ENV']}"
    for other in ("numpy", "pytest", "click"):  # which this very interpreter has
        with pytest.raises(subprocess.CalledProcessError):
            _run(prepared, f"import {other}")
    assert _run(prepared, "import trackboard; print(trackboard.__version__)") == (
        trackboard.__version__
    )


def test_variables(preparing: "Preparing", tmp_path: Path) -> None:
    preparing.variables |= {
        "PATH": "/usr/bin",
        "PYTHONPATH": str(tmp_path),
        "PYTHONHOME": "/nowhere",
    }
    prepared = preparing.done("alpha")
    venv = Path(prepared.python).parent.parent
    links = link_ours(tmp_path / "cache")
    assert prepared.variables == {
        "PATH": f"{venv}/bin:/usr/bin",
        "VIRTUAL_ENV": str(venv),
        "PYTHONNOUSERSITE": "1",
        "PYTHONHOME": "",
        "PYTHONPATH": f"{links}:{tmp_path}",
    }
    assert sorted(path.name for path in links.iterdir()) == ["azureml", "trackboard"]
    assert _run(prepared, "import alpha", PYTHONHOME="/nowhere") == ""


@pytest.mark.parametrize("packages", [("alpha",), ()])
def test_tensorflow_1(preparing: "Preparing", packages: tuple[str, ...]) -> None:
    site = str(Path(trackboard.__file__).parent / "inside" / "path")
    prepared = preparing.done(*packages, tensorflow_v1=True)
    assert prepared.variables[TENSORFLOW_V1] == "1"
    assert prepared.variables["PYTHONPATH"].split(":")[0] == site
    preparing.variables[TENSORFLOW_V1] = "0"
    prepared = preparing.done(*packages, tensorflow_v1=True)
    assert TENSORFLOW_V1 not in prepared.variables
    assert site not in prepared.variables.get("PYTHONPATH", "")


def test_this_interpreter_is_left_alone(preparing: "Preparing", cache: EnvironmentCache) -> None:
    preparing.variables["PATH"] = f"{Path(sys.executable).parent}:/usr/bin"
    prepared = preparing.done()
    assert (prepared.python, prepared.variables) == (sys.executable, {})
    assert (preparing.said, cache.folder.exists()) == ([], False)
    preparing.variables["PATH"] = "/usr/bin"
    assert preparing.done().variables == {"PATH": f"{Path(sys.executable).parent}:/usr/bin"}


def test_another_interpreter_as_it_is(preparing: "Preparing", tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    other = tmp_path / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    prepared = preparing.done(interpreter=str(other))
    assert prepared.python == str(other)
    assert prepared.variables["PATH"].startswith(f"{other.parent}:")
    assert _run(prepared, "import azureml.core, sys; print(sys.prefix)") == str(tmp_path)
    preparing.variables["PATH"] = str(other.parent)
    assert preparing.done(interpreter="python3").python == str(other.parent / "python3")


def test_an_interpreter_that_is_not_there(preparing: "Preparing") -> None:
    with pytest.raises(UsageError, match="no interpreter '/nowhere/python'") as caught:
        preparing(interpreter="/nowhere/python")
    assert "interpreter_path" in caught.value.hint


def test_a_package_that_does_not_exist(preparing: "Preparing", cache: EnvironmentCache) -> None:
    with pytest.raises(UsageError, match="alhpa was not found") as caught:
        preparing("alhpa")
    assert "no package 'alhpa'" in caught.value.hint
    assert [*cache.environments.iterdir()] == []


def test_versions_that_contradict_each_other(preparing: "Preparing") -> None:
    preparing.index.add("alpha", "2.0")
    preparing.index.add("beta", Requires_Dist="alpha<2")
    with pytest.raises(UsageError, match="beta") as caught:
        preparing("beta", "alpha>=2")
    assert "alpha>=2" in caught.value.message
    assert "contradict" in caught.value.hint


def test_constraints_and_options(preparing: "Preparing") -> None:
    preparing.index.add("alpha", "2.0")
    preparing.index.add("alpha", "3.0rc1")
    prepared = preparing.done("alpha", pip_options=("--constraint", "alpha<2"))
    assert _run(prepared, "import alpha; print(alpha.version)") == "1.0"
    prepared = preparing.done("alpha", pip_options=("--pre",))
    assert _run(prepared, "import alpha; print(alpha.version)") == "3.0rc1"


def test_a_folder_named_by_the_environment(preparing: "Preparing", tmp_path: Path) -> None:
    """Its option counts, and a variable in it is the job's."""
    more = tmp_path / "more"
    preparing.index.folder.rename(more)
    preparing.index.folder.mkdir()
    preparing.variables["PLACE"] = str(tmp_path)
    options = ("--find-links", "${PLACE}/more")
    assert _run(preparing.done("alpha", pip_options=options), "import alpha") == ""


def _simple(folder: Path, wheel: Path) -> str:
    """An index of one wheel."""
    package = folder / "simple" / wheel.name.partition("-")[0]
    package.mkdir(parents=True)
    shutil.copy(wheel, package)
    (package / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return (folder / "simple").as_uri()


def test_indexes(preparing: "Preparing", tmp_path: Path) -> None:
    """As with pip: the environment's own index replaces that of the settings, and the best is taken."""
    one, two, three = (
        _simple(tmp_path / version, preparing.index.add("gamma", version))
        for version in ("1.0", "2.0", "3.0")
    )
    del preparing.variables["PIP_NO_INDEX"], preparing.variables["PIP_FIND_LINKS"]
    code = "import gamma; print(gamma.version)"
    preparing.variables["PIP_INDEX_URL"] = two
    assert _run(preparing.done("gamma"), code) == "2.0"
    assert _run(preparing.done("gamma", pip_options=("--index-url", one)), code) == "1.0"
    assert _run(preparing.done("gamma", pip_options=("--extra-index-url", one)), code) == "2.0"
    assert _run(preparing.done("gamma", pip_options=("--extra-index-url", three)), code) == "3.0"
    preparing.variables["UV_DEFAULT_INDEX"] = three
    assert _run(preparing.done("gamma"), code) == "3.0"


def test_a_package_that_is_a_folder_and_changes(preparing: "Preparing", tmp_path: Path) -> None:
    wheel = preparing.index.add("mine")
    here = shutil.move(wheel, tmp_path / wheel.name)
    first = preparing.done(str(here))
    assert _run(first, "import mine; print(mine.version)") == "1.0"
    assert preparing.done(str(here)).python == first.python
    os.utime(here, (1.0, 1.0))
    preparing.logged.clear()
    preparing.done(str(here))
    assert preparing.logged


def _sources(folder: Path) -> Path:
    """A package with a build of its own, which leaves its remains in the sources as others do."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "mine"\nversion = "1.0"\n'
    )
    (folder / "mine.py").write_text("speed = 1\n")
    (folder / "backend.py").write_text(
        """if True:
        import os, time, zipfile
        def build_wheel(folder, settings=None, metadata=None):
            os.makedirs("mine.egg-info", exist_ok=True)
            open("mine.egg-info/time", "w").write(str(time.time()))
            info = "mine-1.0.dist-info/"
            with zipfile.ZipFile(f"{folder}/mine-1.0-py3-none-any.whl", "w") as wheel:
                wheel.write("mine.py")
                wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n")
                wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
                wheel.writestr(info + "RECORD", "")
            return "mine-1.0-py3-none-any.whl"
        """
    )
    return folder


def test_sources_that_change_are_built_anew(preparing: "Preparing", tmp_path: Path) -> None:
    sources = _sources(tmp_path / "mine")
    first = preparing.done(str(sources))
    assert _run(first, "import mine; print(mine.speed)") == "1"
    preparing.logged.clear()
    assert preparing.done(str(sources)).python == first.python
    assert preparing.logged == []  # although its build has left something behind
    (sources / "mine.py").write_text("speed = 2\n")
    second = preparing.done(str(sources))
    assert _run(second, "import mine; print(mine.speed)") == "2"
    assert _run(first, "import mine; print(mine.speed)") == "1"  # a job may still use it


def test_other_settings_of_pip_are_another_question(preparing: "Preparing") -> None:
    first = preparing.done("alpha")
    preparing.index.add("alpha", "2.0")
    assert preparing.done("alpha").python == first.python  # what was decided stays decided
    preparing.variables["PIP_FIND_LINKS"] += "/."
    assert _run(preparing.done("alpha"), "import alpha; print(alpha.version)") == "2.0"


def test_two_questions_one_environment(preparing: "Preparing", cache: EnvironmentCache) -> None:
    assert preparing.done("alpha").python == preparing.done("alpha==1.0").python
    assert len([*cache.environments.iterdir()]) == 1


def test_remains_of_a_killed_build(preparing: "Preparing", cache: EnvironmentCache) -> None:
    first = preparing.done("alpha")
    (folder,) = cache.environments.iterdir()
    (folder / "about.json").unlink()  # what is written last
    (folder / "venv" / "lib").rename(folder / "venv" / "elsewhere")
    preparing.logged.clear()
    again = preparing.done("alpha")
    assert again.python == first.python
    assert any("built in" in line for line in preparing.logged)
    assert not (folder / "venv" / "elsewhere").exists()


def test_an_interpreter_that_went_away(preparing: "Preparing") -> None:
    python = Path(preparing.done("alpha").python)
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert _run(preparing.done("alpha"), "import alpha; print(alpha.version)") == "1.0"


def test_a_damaged_note_is_a_question_again(
    preparing: "Preparing", cache: EnvironmentCache
) -> None:
    preparing.done("alpha")
    (note,) = (cache.folder / "asked").iterdir()
    note.write_text("{")
    assert _run(preparing.done("alpha"), "import alpha") == ""


def test_a_cache_that_cannot_be_written_to(preparing: "Preparing", tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    preparing.variables["TRACKBOARD_CACHE"] = str(tmp_path / "file")
    with pytest.raises(Unavailable, match="file") as caught:
        preparing("alpha")
    assert "TRACKBOARD_CACHE" in caught.value.hint


def test_nobody_waits_for_it_any_more(preparing: "Preparing", cache: EnvironmentCache) -> None:
    preparing.is_canceled = lambda: True
    assert preparing("alpha") is None
    assert [path for path in cache.environments.iterdir() if path.is_dir()] == []


def test_a_python_that_nobody_has(preparing: "Preparing") -> None:
    preparing.variables["UV_PYTHON_DOWNLOADS"] = "never"
    with pytest.raises(UsageError, match=r"Python 3\.99") as caught:
        preparing(python="3.99")
    assert "Found: " in caught.value.hint
    assert ".".join(map(str, sys.version_info[:2])) in caught.value.hint
    assert "switched off" in caught.value.message


def test_this_version_of_python_by_name(preparing: "Preparing") -> None:
    version = ".".join(map(str, sys.version_info[:2]))
    prepared = preparing.done(python=version)
    assert _run(prepared, "import sys; print(sys.version_info[:2])") == str(sys.version_info[:2])
    assert prepared.python != sys.executable


def test_another_patch_version_is_said(preparing: "Preparing") -> None:
    version = ".".join(map(str, sys.version_info[:2]))
    prepared = preparing.done(python=f"{version}.99")
    assert _run(prepared, "import sys; print(sys.version_info[:2])") == str(sys.version_info[:2])
    assert any(f"Python {version}.99 is asked for" in line for line in preparing.logged)


def test_no_wheels_for_any_python(preparing: "Preparing") -> None:
    preparing.index.add("old", tag="cp27-cp27m-any")
    with pytest.raises(UsageError, match="wheels") as caught:
        preparing("old")
    assert "Nothing near it has wheels for Python 3." in caught.value.hint
    assert "python_version" not in caught.value.hint


def test_wheels_for_another_python_only(preparing: "Preparing") -> None:
    """Where there is another interpreter, it is used, and that is said with every job."""
    others = _other_pythons(preparing)
    for tag in others:
        preparing.index.add("special", tag=f"{tag}-none-any")
    preparing.index.add("special", "0.1", tag="cp27-none-any")
    if not others:
        with pytest.raises(UsageError, match="wheels"):
            preparing("special")
        return
    for _ in range(2):
        preparing.said.clear()
        prepared = preparing.done("special")
        assert _run(prepared, "import special; print(special.version)") == "1.0"
        assert any("is used: not all of special" in line for line in preparing.said)


def _other_pythons(preparing: "Preparing") -> list[str]:
    from trackboard.environments.interpreters.discovery import list_pythons
    from trackboard.environments.uv.process import Uv

    nothing: Callable[[str], None] = preparing.logged.append
    uv = Uv(Path.cwd(), preparing.variables, is_canceled=lambda: False, log=nothing)
    tags = ["cp{}{}".format(*one.minor) for one in list_pythons(uv)]
    return [tag for tag in tags if tag != _OURS]


def test_the_second_time_starts_and_loads_nothing(preparing: "Preparing", index: "Index") -> None:
    preparing.done("alpha")
    code = """if True:
        import os, sys
        from trackboard.environments.prepare import prepare_environment
        from trackboard.model import EnvironmentPlan
        plan = EnvironmentPlan(requirements=("alpha",))
        started = []
        kinds = ("os.fork", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
        sys.addaudithook(lambda kind, _: started.append(kind) if kind in kinds else None)
        found = prepare_environment(
            plan, dict(os.environ), report=lambda _: None, is_canceled=lambda: 1 / 0)
        heavy = {"uv", "packaging", "yaml", "numpy", "subprocess", "selectors"} & {*sys.modules}
        print(found is not None, *started, *heavy)"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**index.variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.split(), done.stderr) == (["True"], "")


def test_an_environment_in_use_is_held(preparing: "Preparing", cache: EnvironmentCache) -> None:
    prepared = prepare_environment(
        plan_environment(EnvironmentRequest(pip_packages=("alpha",))),
        preparing.variables,
        report=preparing.said.append,
        is_canceled=lambda: False,
    )
    assert prepared is not None
    assert prepared.lease is not None
    lock = cache.lock(prepared.lease.key)
    assert not lock.try_hold()
    prepared.release()
    assert lock.try_hold()
    lock.close()


def test_no_packages_at_all_in_a_plan(preparing: "Preparing") -> None:
    prepared = prepare_environment(
        EnvironmentPlan(),
        preparing.variables,
        report=preparing.said.append,
        is_canceled=lambda: False,
    )
    assert prepared is not None
    assert _run(prepared, "print(1)") == "1"
    prepared.release()
