"""Which learning rate reads handwritten digits best? A run for each, all below one; type `trackboard tb`.

Nothing here is about trackboard but `start_run`, `log` and, at the end, a question to the history.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from trackboard import LiveRun, Workspace

EXPERIMENT = "digits"
EPOCHS = 15

images, labels = load_digits(return_X_y=True)
x, x_test, y, y_test = train_test_split(images, labels, random_state=0)
scaler = StandardScaler().fit(x)
x, x_test = scaler.transform(x), scaler.transform(x_test)


def fit(run: LiveRun, rate: float) -> None:
    """Fit one classifier, and log how it gets on."""
    model = MLPClassifier(hidden_layer_sizes=(32,), learning_rate_init=rate, random_state=0)
    for epoch in range(EPOCHS):
        model.partial_fit(x, y, classes=range(10))
        run.log("loss", model.loss_, epoch)
        run.log("accuracy/train", model.score(x, y), epoch)
        run.log("accuracy/test", model.score(x_test, y_test), epoch)


def main() -> None:
    """Fit with several rates; then ask which was best."""
    workspace = Workspace.open()
    with workspace.start_run(EXPERIMENT, name="rates") as sweep:
        for rate in (0.0001, 0.001, 0.01, 0.1):
            with workspace.start_run(
                EXPERIMENT, name=f"rate-{rate}", parameters={"rate": rate}, parent=sweep
            ) as run:
                fit(run, rate)

    best, *_ = workspace.runs(experiment=EXPERIMENT, parent=sweep.id, order="accuracy/test")
    print(f"{best.name} is best: {workspace.history(best, 'accuracy/test').values[-1]:.1%}")


if __name__ == "__main__":
    main()
