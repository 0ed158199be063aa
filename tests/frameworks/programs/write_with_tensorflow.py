"""What TensorFlow 1, TensorFlow 2 and Keras write; the argument is a folder for a copy of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalar
from tensorboard.plugins.hparams import api as hp
from tensorboard.plugins.mesh import summary_v2 as mesh
from tensorboard.plugins.pr_curve import summary as pr_curve

RANDOM = np.random.default_rng(1)
WORDS = RANDOM.random((5, 3), np.float32)


def write_as_version_1(folder: str) -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        number = v1.placeholder(tf.float32, [], "number")
        weights = v1.get_variable("weights", [10], initializer=v1.zeros_initializer())
        words = v1.get_variable("words", initializer=WORDS)
        add = v1.assign_add(weights, tf.ones([10]) * number)
        v1.summary.scalar("number", number)
        v1.summary.histogram("weights", weights)
        v1.summary.image("pixels", tf.random.uniform([2, 8, 8, 3], seed=1))
        v1.summary.audio("beep", tf.random.uniform([1, 800], -1, 1, seed=1), 8000)
        v1.summary.text("note", tf.constant("**bold**"))
        curve = pr_curve.op(
            "pr", tf.constant([True, False, True]), tf.constant([0.9, 0.4, 0.6]), num_thresholds=9
        )
        assert curve is not None
        merged = v1.summary.merge_all()
        writer = v1.summary.FileWriter(folder, session.graph)
        session.run(v1.global_variables_initializer())
        for step in range(5):
            options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
            said = v1.RunMetadata()
            text, _ = session.run([merged, add], {number: step}, options, said)
            writer.add_summary(text, step)
            if step in (1, 3):
                writer.add_run_metadata(said, f"step {step}", step)
        chart = layout_pb2.Chart(title="all", multiline={"tag": ["number"]})
        layout = layout_pb2.Layout(category=[{"title": "own", "chart": [chart]}])
        writer.add_summary(custom_scalar.pb(layout))
        writer.close()
        v1.train.Saver([words]).save(session, f"{folder}/model.ckpt")
    describe_embedding(folder, "words")


def describe_embedding(folder: str, tensor: str) -> None:
    Path(folder, "metadata.tsv").write_text("\n".join("abcde"))
    config = projector.ProjectorConfig()
    config.embeddings.add(tensor_name=tensor, metadata_path="metadata.tsv")
    projector.visualize_embeddings(folder, config)


def write_as_version_2(folder: str) -> None:
    @tf.function
    def square(x: tf.Tensor) -> tf.Tensor:
        return x * x

    writer = tf.summary.create_file_writer(folder)
    with writer.as_default():
        for step in range(5):
            tf.summary.scalar("loss", 1 / (1 + step), step, description="falls")
            tf.summary.histogram("weights", RANDOM.normal(size=50), step)
            tf.summary.image("pixels", RANDOM.random((2, 8, 8, 3), np.float32), step, max_outputs=2)
            tf.summary.audio("beep", RANDOM.random((1, 800, 1), np.float32) - 0.5, 8000, step)
            tf.summary.text("note", f"**step** {step}", step)
        tf.summary.write("other", WORDS, 1)
        mesh.mesh("mesh", RANDOM.random((1, 9, 3), np.float32), step=1)
        tf.summary.trace_on(graph=True)
        square(tf.constant(2.0))
        tf.summary.trace_export("square", 1)
        tf.summary.graph(square.get_concrete_function(tf.constant(2.0)).graph)
    tf.train.Checkpoint(words=tf.Variable(WORDS)).save(f"{folder}/checkpoints")
    describe_embedding(folder, "words/.ATTRIBUTES/VARIABLE_VALUE")


def write_as_keras(folder: str) -> None:
    width = hp.HParam("width", hp.Discrete([2, 3]), display_name="Width")
    rate = hp.HParam("rate", hp.RealInterval(0.01, 0.2))
    metric = hp.Metric("epoch_loss", group="validation", display_name="Loss")
    with tf.summary.create_file_writer(folder).as_default():
        hp.hparams_config([width, rate], [metric])
    for number in (2, 3):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [keras.layers.Input([3]), keras.layers.Dense(number), keras.layers.Dense(1)]
        )
        model.compile("sgd", "mse", metrics=["mae"])
        trial = f"{folder}/trial-{number}"
        written = keras.callbacks.TensorBoard(
            trial, histogram_freq=1, write_graph=True, write_images=True, update_freq=1
        )
        row = hp.KerasCallback(trial, {width: number, rate: 0.1})
        x, y = RANDOM.random((8, 3)), RANDOM.random((8, 1))
        model.fit(x, y, 4, 2, verbose=0, validation_data=(x, y), callbacks=[written, row])


write_as_version_1("logs/v1")
write_as_version_2("logs/v2")
write_as_keras("logs/keras")
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
shutil.copytree("logs", sys.argv[1])
