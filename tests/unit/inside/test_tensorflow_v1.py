"""Each test starts an interpreter, as a job does; what it finds as TensorFlow is made up."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S

from trackboard.inside import PATH, TENSORFLOW_V1

SOURCE = Path(__file__).parents[3] / "src"


def start(
    program: str, installed: Path, *, before: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with our folder on its path, and what was made up behind it."""
    path = os.pathsep.join(filter(None, (before, str(SOURCE), str(PATH), str(installed))))
    environment: Mapping[str, str] = {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        TENSORFLOW_V1: "1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def run(program: str, installed: Path, **variables: str) -> str:
    """What a program prints that ends well."""
    done = start(program, installed, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tensorflow_is_the_interface_of_version_1(installed: Path) -> None:
    program = """
        import tensorflow as tf
        print(tf.name, tf.Session is tf.placeholder, tf.__name__, tf.__version__)
        print(tf.compat.v1.is_off, tf.only_in_2)
    """
    assert run(program, installed) == "version 1 True tensorflow 2.99.0\nTrue True\n"


def test_what_tensorflow_loaded_itself_keeps_version_2(installed: Path) -> None:
    program = """
        import tensorflow, imported_by_tensorflow
        print(tensorflow.name, imported_by_tensorflow.tensorflow.name)
    """
    assert run(program, installed) == "version 1 version 2\n"


def test_modules_within_are_found(installed: Path) -> None:
    program = """
        from tensorflow.python import ops
        from tensorflow.python.ops import tensorflow as inner
        import tensorflow.compat.v1 as tf1
        from tensorflow.train import optimizer
        import tensorflow.train
        print(ops.__name__, inner.name, tf1.name, optimizer, tensorflow.train.optimizer)
    """
    assert run(program, installed) == "tensorflow.python.ops version 1 version 1 1 1\n"


def test_a_module_of_the_script_gets_it_as_well(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import tensorflow as tf\nname = tf.name\n")
    assert run("import model; print(model.name)", installed, before=str(tmp_path)) == "version 1\n"


def test_the_reader_of_digits_has_its_old_names(installed: Path, mnist: Path) -> None:
    program = f"""
        from tensorflow.examples.tutorials.mnist import input_data
        import tensorflow.examples.tutorials.mnist.input_data as again
        from tensorflow.contrib.learn.python.learn.datasets.mnist import read_data_sets, DataSet
        from tensorflow.contrib.learn.python.learn.datasets import mnist
        import tensorflow as tf
        found = [input_data, again, mnist, tf.contrib.learn.datasets.mnist,
                 tf.examples.tutorials.mnist.input_data]
        print({{each.read_data_sets for each in found}} == {{read_data_sets}})
        print(input_data.read_data_sets({str(mnist)!r}, validation_size=5).train.num_examples)
    """
    assert run(program, installed) == "True\n25\n"


@pytest.mark.parametrize(
    "statement", ["tf.contrib.slim", "import tensorflow.contrib.slim", "tf.contrib.learn.Estimator"]
)
def test_what_is_gone_is_said(statement: str, installed: Path) -> None:
    done = start(f"import tensorflow as tf; {statement}", installed)
    assert done.returncode == 1
    assert "TensorFlow 2 has no `tensorflow.contrib`" in done.stderr
    assert "tf_slim" in done.stderr


def test_a_name_that_nobody_has_is_an_error_of_tensorflow(installed: Path) -> None:
    done = start("import tensorflow as tf; tf.estimator", installed)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("AttributeError: module 'tensorflow' has no attribute 'estimator'")
    assert "2.99.0" in last
    assert run("import tensorflow as tf; print(hasattr(tf, 'no'))", installed) == "False\n"


def test_it_is_said_once_per_job(installed: Path) -> None:
    program = """
        import subprocess, sys
        import tensorflow, tensorflow.python.ops
        subprocess.run([sys.executable, "-c", "import tensorflow as tf; print(tf.name)"], check=True)
    """
    done = start(program, installed)
    assert done.stdout == "version 1\n", "child processes have it as well"
    (line,) = done.stderr.splitlines()
    assert line.startswith("[trackboard] TensorFlow 2.99.0 stands in for TensorFlow 1")
    assert f"{TENSORFLOW_V1}=0" in line


def test_processes_of_multiprocessing_have_it(installed: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import multiprocessing
        def ask():
            import tensorflow as tf
            print(tf.name, flush=True)
        if __name__ == "__main__":
            process = multiprocessing.get_context("spawn").Process(target=ask)
            process.start()
            process.join(100)
        """)
    )
    program = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    assert run(program, installed) == "version 1\n"


@pytest.mark.parametrize("value", ["0", ""])
def test_it_can_be_switched_off(value: str, installed: Path) -> None:
    done = start("import tensorflow as tf; print(tf.name)", installed, **{TENSORFLOW_V1: value})
    assert (done.stdout, done.stderr) == ("version 2\n", "")


def test_a_real_version_1_is_left_alone(installed: Path) -> None:
    main = installed / "tensorflow" / "__init__.py"
    main.write_text(main.read_text().replace("2.99.0", "1.15.5"))
    done = start("import tensorflow as tf; print(tf.name)", installed)
    assert (done.stdout, done.stderr) == ("version 2\n", "")


def test_a_module_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("name = 'mine'")
    done = start("import tensorflow as tf; print(tf.name)", tmp_path)
    assert (done.stdout, done.stderr) == ("mine\n", "")


@pytest.mark.requires("no-tensorflow")
def test_where_there_is_no_tensorflow_python_says_so(tmp_path: Path) -> None:
    program = "import sys; sys.modules.pop('tensorflow', None); import tensorflow"
    done = start(program, tmp_path, PYTHONNOUSERSITE="1")
    assert "No module named 'tensorflow'" in done.stderr
    assert done.returncode == 1


def test_keras_of_version_2_is_taken_where_it_is_installed(installed: Path) -> None:
    program = "import os, tensorflow; print(os.environ.get('TF_USE_LEGACY_KERAS'))"
    assert run(program, installed) == "None\n"
    (installed / "tf_keras.py").touch()
    assert run(program, installed) == "1\n"
    assert run(program, installed, TF_USE_LEGACY_KERAS="0") == "0\n"


def test_scripts_may_define_the_flags_of_libraries(installed: Path) -> None:
    main = installed / "tensorflow" / "__init__.py"
    main.write_text(f"{main.read_text()}\nfrom absl import logging")  # as TensorFlow does
    program = """
        import sys
        import tensorflow
        from absl import app, flags
        flags.DEFINE_string("log_dir", "mine", "where logs go")
        app.run(lambda _: print(flags.FLAGS.log_dir), [sys.argv[0], "--log_dir", "theirs"])
    """
    assert run(program, installed) == "theirs\n"
    done = start(program, installed, **{TENSORFLOW_V1: "0"})
    assert "defined twice" in done.stderr, "which is why"


def test_the_next_sitecustomize_runs_as_well(installed: Path) -> None:
    (installed / "sitecustomize.py").write_text("import sys; sys.stdout.write('next ')")
    program = "import sitecustomize, tensorflow; print(sitecustomize.__file__, tensorflow.name)"
    theirs = installed / "sitecustomize.py"
    assert run(program, installed) == f"next {theirs} version 1\n"


def test_little_is_loaded_at_the_start(installed: Path) -> None:
    program = """
        import sys
        print("trackboard.inside.tensorflow_v1" in sys.modules)
        print({"numpy", "tensorflow", "trackboard.inside.mnist"} & set(sys.modules))
    """
    assert run(program, installed) == "True\nset()\n"
