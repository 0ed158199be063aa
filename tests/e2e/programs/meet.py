"""A rank of a distributed job, standard library only: finds the others by what the launcher said."""

import json
import os
import socket
import sys
import time

from azureml.core import Run


def join(host: str, port: int) -> socket.socket:
    """Connect as soon as somebody listens there."""
    deadline_s = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection((host, port), timeout=20)
        except ConnectionRefusedError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)


def meet(place: tuple[str, int], rank: int, size: int) -> None:
    """Rank 0 waits for all others, and says who they are."""
    if rank:
        with join(*place) as connection:
            connection.sendall(bytes([rank]))
        return
    with socket.create_server(place) as server:
        server.settimeout(20)
        met = {0}
        while len(met) < size:
            connection, _ = server.accept()
            with connection:
                met.add(connection.recv(1)[0])
    sys.stdout.write(f"met {sorted(met)}\n")


def by_pytorch() -> tuple[tuple[str, int], int, int]:
    place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return place, int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def by_tensorflow() -> tuple[tuple[str, int], int, int]:
    config = json.loads(os.environ["TF_CONFIG"])
    cluster, task = config["cluster"], config["task"]
    before = len(cluster["worker"]) if task["type"] == "ps" else 0
    host, port = cluster["worker"][0].split(":")
    size = len(cluster["worker"]) + len(cluster.get("ps", ()))
    return (host, int(port)), before + task["index"], size


def by_mpi() -> tuple[tuple[str, int], int, int]:
    host, port = os.environ["AZ_BATCH_MASTER_NODE"].split(":")
    rank, size = os.environ["OMPI_COMM_WORLD_RANK"], os.environ["OMPI_COMM_WORLD_SIZE"]
    return (host, int(port)), int(rank), int(size)


place, rank, size = {"pytorch": by_pytorch, "tensorflow": by_tensorflow, "mpi": by_mpi}[
    sys.argv[1]
]()
names = ("NODE_RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "OMP_NUM_THREADS")
said = (f"{name}={os.environ.get(name, '')}" for name in names)
sys.stdout.write(" ".join(("rank", str(rank), *said)) + "\n")
sys.stdout.flush()
Run.get_context().log("rank", rank)
meet(place, rank, size)
if '"ps"' in os.environ.get("TF_CONFIG", "").partition('"task"')[2]:
    time.sleep(600)  # it serves until somebody ends it
