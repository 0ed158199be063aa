"""Fit a tiny model by the real Keras; print its history. Argument: `fail` for an epoch that raises."""

import json
import sys

import keras
import numpy as np

from trackboard.frameworks.keras import TrackboardCallback

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
callbacks: list[object] = [TrackboardCallback(name="line", every_batches=2)]


def stop(epoch: int, _logs: object) -> None:
    if epoch == 1 and "fail" in sys.argv:
        raise ValueError("the data ran out")


callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=stop))
x = np.linspace(0, 1, 16, dtype="float32").reshape(8, 2)
history = model.fit(
    x, x.sum(1), batch_size=2, epochs=3, validation_split=0.25, callbacks=callbacks, verbose=0
)
sys.stdout.write(json.dumps(history.history))
