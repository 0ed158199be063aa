"""What the real MLflow writes: the same history in its database, in its folders, and as a server's answers.

    pip install mlflow==3.17.2
    python make_mlflow.py FOLDER

makes FOLDER/mlflow.zip with `mlflow.db`, `mlruns/`, `artifacts/` and `server.json`. See `EXPECTED` in
tests/unit/transfer/mlflow_history.py for what is in it.
"""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param

BEGIN_MS = 1_700_000_000_000


def write(uri, artifacts):
    """Write the history with MLflow's client."""
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    place = {} if artifacts is None else {"artifact_location": artifacts}
    spaces = client.create_experiment("first try", **place)
    dashes = client.create_experiment("first-try", **place)

    def begin(experiment, name, number, parent=None):
        tags = {"mlflow.user": "ann", "team": "vision"}
        if parent:
            tags["mlflow.parentRunId"] = parent
        run = client.create_run(
            experiment, start_time=BEGIN_MS + number * 60_000, run_name=name, tags=tags
        )
        return run.info.run_id

    parent = begin(spaces, "sweep", 0)
    client.set_tag(parent, "mlflow.note.content", "A *note* of two lines\nfor people")
    client.set_tag(parent, "mlflow.source.git.commit", "c0ffee")
    for number in (1, 2):
        child = begin(spaces, f"child {number}", number, parent)
        client.log_batch(
            child,
            params=[
                Param("lr", str(0.1 * number)),
                Param("layers", "3"),
                Param("nesterov", "True"),
                Param("id", "007"),
                Param("optimizer", "adam"),
                Param("empty", ""),
            ],
            metrics=[
                Metric("train/loss", 1 / (i + number), BEGIN_MS + i * 1000, i) for i in range(40)
            ],
        )
        client.set_terminated(child, "FINISHED", BEGIN_MS + 3_600_000 + number)
    values = [0.5, math.nan, math.inf, -math.inf, 0.25]
    client.log_batch(
        parent,
        metrics=[Metric("odd", value, BEGIN_MS + 7 * i, i - 2) for i, value in enumerate(values)],
    )
    client.log_dict(parent, {"depth": 3}, "settings/model.json")
    client.log_text(parent, "hello\n", "hello world.txt")
    client.set_terminated(parent, "FAILED", BEGIN_MS + 7_200_000)
    killed = begin(dashes, "killed", 3)
    client.set_terminated(killed, "KILLED", BEGIN_MS + 5_000_000)
    going = begin(dashes, "going", 4)
    client.log_batch(going, metrics=[Metric("loss", 0.75, BEGIN_MS + 9_000, 1)])
    gone = begin(dashes, "deleted", 5)
    client.delete_run(gone)


def record_server(folder):
    """Start MLflow's server, write the same to it, and keep what it answers to what an import asks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--backend-store-uri",
            f"sqlite:///{folder}/s.db",
            "--artifacts-destination",
            str(folder / "served"),
            "--port",
            str(port),
            "--workers",
            "1",
        ],
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/health")
                break
            except OSError:
                time.sleep(0.2)
        write(address, None)
        return ask_all(address)
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def ask_all(address):
    answers = {}

    def ask(method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            address + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request) as answer:
            content = answer.read().decode()
        key = " ".join([method, path] + ([json.dumps(body, sort_keys=True)] if body else []))
        answers[key] = content
        return content

    api, artifacts = "/api/2.0/mlflow", "/api/2.0/mlflow-artifacts/artifacts"
    found = json.loads(
        ask("POST", f"{api}/experiments/search", {"view_type": "ACTIVE_ONLY", "max_results": 1000})
    )
    for experiment in found["experiments"]:
        body = {
            "experiment_ids": [experiment["experiment_id"]],
            "run_view_type": "ACTIVE_ONLY",
            "max_results": 1000,
        }
        for run in json.loads(ask("POST", f"{api}/runs/search", body)).get("runs", ()):
            for metric in run["data"].get("metrics", ()):
                query = urllib.parse.urlencode(
                    {
                        "run_id": run["info"]["run_id"],
                        "metric_key": metric["key"],
                        "max_results": 25000,
                    }
                )
                ask("GET", f"{api}/metrics/get-history?{query}")
            root = urllib.parse.urlsplit(run["info"]["artifact_uri"]).path.strip("/")

            def walk(path, root=root):
                folder = f"{root}/{path}".rstrip("/")
                listed = json.loads(
                    ask("GET", f"{artifacts}?{urllib.parse.urlencode({'path': folder})}")
                )
                for file in listed.get("files", ()):
                    below = f"{path}/{file['path']}" if path else file["path"]
                    if file["is_dir"]:
                        walk(below)
                    else:
                        ask("GET", f"{artifacts}/{urllib.parse.quote(f'{root}/{below}')}")

            walk("")
    ask("GET", f"{api}/registered-models/search?max_results=1")
    return answers


def main():
    folder = Path(sys.argv[1]).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)
    write("sqlite:///mlflow.db", "artifacts")
    import sqlite3

    database = sqlite3.connect("mlflow.db")
    database.execute("VACUUM")
    database.close()
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    write("mlruns", None)
    for meta in Path("mlruns").rglob("meta.yaml"):  # of no machine
        meta.write_text(meta.read_text().replace(str(folder), "/home/golden"))
    Path("server.json").write_text(json.dumps(record_server(folder), indent=1))
    with zipfile.ZipFile("mlflow.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(Path().rglob("*")):
            if path.is_file() and path.parts[0] in (
                "mlflow.db",
                "mlruns",
                "artifacts",
                "server.json",
            ):
                packed.write(path)


if __name__ == "__main__":
    main()
