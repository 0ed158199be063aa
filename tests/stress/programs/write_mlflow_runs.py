"""Write runs with MLflow's client: `write_mlflow_runs.py ADDRESS RUNS SERIES POINTS [ARTIFACTS]`.

What each run has follows from its number, so that a reader knows it without asking MLflow; see
`tests.stress.mlflow_store`.
"""

import sys

import mlflow
from mlflow.entities import Metric, Param

BEGIN_MS = 1_700_000_000_000
STATES = "FINISHED", "FAILED", "KILLED"
FAMILY = 10  # runs: one that holds the others


def write(address: str, runs: int, series: int, points: int, artifacts: str | None = None) -> None:
    """Write that many runs, each with as many series of as many points."""
    mlflow.set_tracking_uri(address)
    client = mlflow.MlflowClient()
    place = {} if artifacts is None else {"artifact_location": artifacts}
    experiments = [client.create_experiment(f"study {n}", **place) for n in range(3)]
    parent = ""
    for number in range(runs):
        tags = {"team": f"team {number % 4}", "mlflow.note.content": f"Note *{number}*"}
        if number % FAMILY:
            tags["mlflow.parentRunId"] = parent
        begin_ms = BEGIN_MS + 60_000 * number
        experiment = experiments[number // FAMILY % 3]
        name = f"run {number}"
        run = client.create_run(experiment, start_time=begin_ms, tags=tags, run_name=name)
        run_id = run.info.run_id
        if not number % FAMILY:
            parent = run_id
        values = [
            Metric(f"m{each}", (number + each) / (step + 1), begin_ms + 1000 * step, step)
            for each in range(series)
            for step in range(points)
        ]
        params = [Param("lr", str(0.1 / (1 + number % 7))), Param("layers", str(number % 5))]
        client.log_batch(run_id, params=params)
        for begin in range(0, len(values), 1000):
            client.log_batch(run_id, metrics=values[begin : begin + 1000])
        if artifacts is not None and not number % 20:
            client.log_text(run_id, f"file of run {number}\n", "outputs/note.txt")
        client.set_terminated(run_id, STATES[number % 3], begin_ms + 50_000)


if __name__ == "__main__":
    address, runs, series, points, *artifacts = sys.argv[1:]
    write(address, int(runs), int(series), int(points), *artifacts)
