"""What a probe does on the cluster: each node shows that it sees the workspace's folder, and can write.

Ray starts this file as the script of a job. It must run wherever Ray does, so that it can say that a
Python is too old: the standard library and Ray only, and no newer syntax than Python 3.9 knows.
"""

import json
import logging
import os
import platform
import socket
import sys
import time

FOUND = "trackboard-probe: "  # begins the line that is the answer


def probe_node(folder: str, name: str) -> "dict[str, str]":
    """What one node finds; Ray carries this function there by itself."""
    said = {"host": socket.gethostname(), "python": platform.python_version(), "error": ""}
    try:
        with open(os.path.join(folder, name)) as file:
            nonce = file.read()
        written = os.path.join(folder, f"{name}.{nonce}.{os.getpid()}")
        with open(written, "x"):
            pass
        os.remove(written)
        said["nonce"] = nonce
    except OSError as exc:
        said["error"] = f"{exc.strerror}: {exc.filename}"
    return said


def main() -> None:
    """Ask the nodes that were named, all at once."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    folder, name, wanted = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
    ray.init(address="auto", log_to_driver=False, logging_level=logging.ERROR)
    task = ray.remote(probe_node)
    asked = {}
    for node in wanted:
        here = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        options = task.options(num_cpus=0, scheduling_strategy=here, max_retries=0)
        asked[node] = options.remote(folder, name)
    found = {}
    deadline_s = time.monotonic() + 40
    for node, answer in asked.items():
        try:
            found[node] = ray.get(answer, timeout=max(0, deadline_s - time.monotonic()))
        except (
            ray.exceptions.GetTimeoutError
        ):  # it starts no process for us: no fault of the folder
            found[node] = {"host": node, "busy": "it did not answer", "error": ""}
        except (ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError) as exc:
            found[node] = {"host": node, "left": str(exc), "error": ""}  # it has just gone
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is what this node has to say
            found[node] = {"host": node, "error": f"{type(exc).__name__}: {exc}"}
    _answer(found)


def _answer(found: "dict[str, dict[str, str]]") -> None:
    sys.stdout.write(FOUND + json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - that is what is to be found out
        versions = {"host": socket.gethostname(), "python": sys.version.split()[0], "error": ""}
        _answer(dict.fromkeys(sys.argv[3].split(","), versions))
    else:
        main()
