"""Wait until everybody is ready, then record one run through the SDK's names, in the current folder.

first_of_many.py READY GO NUMBER
"""

import sys
import time
from pathlib import Path

from azureml.core import Experiment, Workspace

POINTS = 50


def main() -> None:
    ready, go, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    (ready / str(number)).touch()
    while not go.exists():
        time.sleep(0.001)
    workspace = Workspace.from_config()
    run = Experiment(workspace, "together").start_logging()
    for point in range(POINTS):
        run.log("value", 1000 * number + point)
    run.complete()


if __name__ == "__main__":
    main()
