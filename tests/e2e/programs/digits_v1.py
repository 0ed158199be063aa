"""A classifier of digits as people wrote them for TensorFlow 1: graph, session, summaries, flags.

It removes its log folder, writes train/ and test/ below it, and reads MNIST from where TEST_TMPDIR says.
A file named `end` there ends it early.
"""
# Old on purpose, and TensorFlow is not installed where this is checked.
# mypy: ignore-errors
# ruff: noqa: UP010, UP031, RUF005, T201

from __future__ import print_function

import argparse
import os
import sys
import time

import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
from tensorflow.python.framework import ops

SCRATCH = os.environ.get("TEST_TMPDIR", "/tmp")
flags = None


def describe(name, values):
    with tf.name_scope(name + "_summary"):
        tf.summary.histogram(name, values)
        tf.summary.scalar(name + "_mean", tf.reduce_mean(values))


def dense(values, width, name, activation):
    with tf.variable_scope(name):
        height = values.get_shape().as_list()[1]
        weights = tf.get_variable(
            "weights", [height, width], initializer=tf.truncated_normal_initializer(stddev=0.1)
        )
        bias = tf.get_variable("bias", [width], initializer=tf.constant_initializer(0.1))
        describe("weights", weights)
        describe("bias", bias)
        return activation(tf.matmul(values, weights) + bias)


def build():
    pixels = tf.placeholder(tf.float32, [None, 784], name="pixels")
    digits = tf.placeholder(tf.int64, [None], name="digits")
    tf.summary.image("pixels", tf.reshape(pixels, [-1, 28, 28, 1]), max_outputs=4)
    hidden = dense(pixels, 64, "hidden", tf.nn.relu)
    logits = dense(tf.layers.dropout(hidden, 0.1), 10, "out", tf.identity)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=digits, logits=logits)
    tf.summary.scalar("cross_entropy", loss)
    right = tf.equal(tf.argmax(logits, 1), digits)
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
    tf.summary.scalar("accuracy", accuracy)
    step = tf.train.AdamOptimizer(flags.learning_rate).minimize(loss)
    return pixels, digits, step, accuracy


def main(_):
    if tf.gfile.Exists(flags.log_dir):
        tf.gfile.DeleteRecursively(flags.log_dir)
    tf.gfile.MakeDirs(flags.log_dir)

    data = input_data.read_data_sets(flags.data_dir, fake_data=flags.fake_data)
    pixels, digits, train_step, accuracy = build()
    summaries = tf.summary.merge_all()
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
        assert session.graph is ops.get_default_graph()
        train = tf.summary.FileWriter(
            os.path.join(flags.log_dir, "train"), session.graph, flush_secs=1
        )
        test = tf.summary.FileWriter(os.path.join(flags.log_dir, "test"), flush_secs=1)
        session.run(tf.global_variables_initializer())
        for number in range(flags.max_steps):
            if number % 10 == 0:
                feed = {pixels: data.test.images, digits: data.test.labels}
                summary, value = session.run([summaries, accuracy], feed)
                test.add_summary(summary, number)
                print("step %d: accuracy %.3f" % (number, value))
                sys.stdout.flush()
            images, labels = data.train.next_batch(100, flags.fake_data)
            feed = {pixels: images, digits: labels}
            if number % 50 == 49:
                trace = tf.RunMetadata()
                options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
                summary, _ = session.run([summaries, train_step], feed, options, trace)
                train.add_run_metadata(trace, "step%d" % number)
            else:
                summary, _ = session.run([summaries, train_step], feed)
            train.add_summary(summary, number)
            if os.path.exists(os.path.join(SCRATCH, "end")):
                break
            time.sleep(flags.pause)
        train.close()
        test.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fake_data", nargs="?", const=True, default=False)
    parser.add_argument("--max_steps", type=int, default=2000)
    parser.add_argument("--pause", type=float, default=0.2)
    parser.add_argument("--learning_rate", type=float, default=0.001)
    parser.add_argument("--data_dir", default=os.path.join(SCRATCH, "tensorflow/mnist/input_data"))
    parser.add_argument("--log_dir", default=os.path.join(SCRATCH, "tensorflow/mnist/logs"))
    flags, rest = parser.parse_known_args()
    tf.app.run(main=main, argv=[sys.argv[0]] + rest)
