import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackboard.environments.packages.tensorflow1_detection import (
    fit_environment,
    wants_tensorflow_v1,
)
from trackboard.model import EnvironmentPlan

OLD = "import tensorflow as tf\nx = tf.placeholder(tf.float32)\n"


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        "from tensorflow.examples.tutorials.mnist import input_data",
        "import tensorflow.contrib.slim as slim",
        "import tensorflow\nwith tensorflow.Session() as sess: pass",
        "import os, tensorflow as t, sys\nt.app.run(main=main)",
        "import os; import tensorflow as tf\nflags = tf . app . flags",
        "import tensorflow as tf\nslim = tf.contrib.slim",
        "import tensorflow as tf\nprint 'python 2', tf.Session(config)",
        "from tensorflow import (\n    app,\n    constant)\n",
        "try:\n    import tensorflow as tf\nfinally: pass\nw = tf.summary.FileWriter('logs')",
        "import tensorflow as tf\ntf.train.AdamOptimizer(0.1).minimize(loss)",
        "# no compat.v1 here\n" + OLD,
        f'"""Needs no compat.v1."""\n{OLD}',
    ],
)
def test_scripts_of_version_1(text: str) -> None:
    assert wants_tensorflow_v1(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import torch\nx = tf.placeholder()",
        "import tensorflow as tf\nmodel = tf.keras.Sequential()\ntf.summary.scalar('a', 1, step=1)",
        "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\nx = tf.placeholder(tf.float32)",
        "from tensorflow.compat import v1 as tf\nx = tf.placeholder(tf.float32)",
        "import tensorflow as tf\nwith tf.compat.v1.Session() as sess: sess.run(tf.constant(1))",
        "import tensorflow as tf\n# tf.placeholder( is gone\n",
        "import tensorflow as tf\ntext = 'tf.placeholder('\n",
        '"""Was tf.Session() once."""\nimport tensorflow as tf\n',
        "import tensorflow as tf\nmy.tf.placeholder(1)\ntf.train.Checkpoint()\n",
        "import tensorflow as tf\ntf.application()\n",
        "import tensorflow_probability as tf\ntf.placeholder(1)",
        "from tensorflow import function, keras",
    ],
)
def test_scripts_of_today(text: str) -> None:
    assert not wants_tensorflow_v1(text)


@given(st.text(st.sampled_from("tf.x('\"\\\n \tf\x00{}:") | st.characters(), max_size=80))
def test_any_text_can_be_asked_of(text: str) -> None:
    wants_tensorflow_v1(f"import tensorflow as tf\n{text}")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "old.py").write_text(OLD)
    (tmp_path / "new.py").write_text("import tensorflow as tf\n")
    (tmp_path / "old.sh").write_text(OLD)
    return tmp_path


NEWEST = EnvironmentPlan(requirements=("tensorflow", "pandas"))


def test_an_old_script_gets_version_1_and_its_keras(source: Path) -> None:
    fitted = fit_environment(NEWEST, source, ["old.py"], "", {})
    assert fitted.tensorflow_v1
    assert fitted.requirements == ("tensorflow", "pandas", "tf-keras")
    (sentence,) = fitted.substitutions
    assert "old.py is written for it" in sentence
    assert "TRACKBOARD_TENSORFLOW_V1=0" in sentence


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("tensorflow[and-cuda]", True),
        ("tensorflow==2.15", False),
        ("tensorflow-cpu", False),
    ],
)
def test_keras_of_then_goes_with_the_newest_only(
    requirement: str, expected: bool, source: Path
) -> None:
    fitted = fit_environment(
        EnvironmentPlan(requirements=(requirement,)), source, ["old.py"], "", {}
    )
    assert fitted.tensorflow_v1
    assert ("tf-keras" in fitted.requirements) is expected


def test_a_version_that_was_asked_for_stays(source: Path) -> None:
    plan = EnvironmentPlan(requirements=("tf_keras==2.20", "tensorflow"))
    fitted = fit_environment(plan, source, ["old.py"], "", {})
    assert fitted.requirements == plan.requirements


@pytest.mark.parametrize(
    "plan",
    [
        EnvironmentPlan(requirements=("numpy",)),
        EnvironmentPlan(requirements=("tensorflow-datasets", "tensorflow_hub")),
    ],
)
def test_without_tensorflow_nothing_changes(plan: EnvironmentPlan, source: Path) -> None:
    assert fit_environment(plan, source, ["old.py"], "", {}) == plan


def test_a_script_of_today_changes_nothing(source: Path) -> None:
    assert fit_environment(NEWEST, source, ["new.py"], "", {}) == NEWEST
    assert fit_environment(NEWEST, source, ["old.sh"], "", {}) == NEWEST


def test_an_interpreter_as_it_is(source: Path) -> None:
    fitted = fit_environment(EnvironmentPlan(interpreter="/python"), source, ["old.py"], "", {})
    assert fitted.tensorflow_v1
    assert fitted.requirements == ()


@pytest.mark.parametrize("is_there", [True, False])
def test_our_own_interpreter_is_looked_into(
    is_there: bool, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorflow.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)] if is_there else [])
    fitted = fit_environment(
        EnvironmentPlan(interpreter=sys.executable), source, ["old.py"], "", {}
    )
    assert fitted.tensorflow_v1 is is_there


def test_what_was_asked_for_decides_without_the_script(source: Path) -> None:
    plan = EnvironmentPlan(requirements=("tensorflow",), tensorflow_v1=True)
    fitted = fit_environment(plan, source, ["new.py"], "", {})
    assert fitted.tensorflow_v1
    assert "asked for" in fitted.substitutions[-1]


@pytest.mark.parametrize("script", ["old.py", "new.py"])
def test_the_variable_decides_over_all(script: str, source: Path) -> None:
    plan = EnvironmentPlan(requirements=("tensorflow",), tensorflow_v1=script == "old.py")
    off = fit_environment(plan, source, [script], "", {"TRACKBOARD_TENSORFLOW_V1": "0"})
    assert not off.tensorflow_v1
    assert fit_environment(
        plan, source, [script], "", {"TRACKBOARD_TENSORFLOW_V1": "1"}
    ).tensorflow_v1


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python old.py --log_dir 'a b'", True),
        ("python old.py > 'unclosed", True),
        ("python new.py && python old.py", True),
        ("python new.py", False),
        ("python -m old", False),
        ("python gone.py", False),
    ],
)
def test_a_command_line_names_scripts(command: str, expected: bool, source: Path) -> None:
    assert fit_environment(NEWEST, source, (), command, {}).tensorflow_v1 is expected
