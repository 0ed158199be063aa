"""What Lighthouse says of the pages of `trackboard up`. `python benchmarks/lighthouse.py`

Each page as a telephone on a slow network would see it (Lighthouse's own assumptions), in Chromium, of a
workspace with so many runs; of several rounds the median. `scripts/page-checkers lighthouse` installs it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pages import Client, make_workspace, serve_ours
from report import Target, print_head, print_table, print_targets

LIGHTHOUSE = Path(__file__).parents[1] / ".venv-pages/node_modules/lighthouse/cli/index.js"
KINDS = ("performance", "accessibility", "best-practices")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
TIMES = ("first-contentful-paint", "total-blocking-time")
RUN = "run-000007"
WAYS: Mapping[str, str] = {
    "experiments": "",
    "table": "runs",
    "run": f"runs/{RUN}",
    "compare": f"compare?run={RUN}&run=run-000008",
    "charts": "charts?limit=20",
    "compute": "compute",
}
LEAST = {"performance": 95, "accessibility": 100}


def ask(url: str) -> Mapping[str, float]:
    """Scores from 0 to 100, and milliseconds."""
    node, browser = shutil.which("node"), shutil.which("chromium")
    if node is None or browser is None or not LIGHTHOUSE.exists():
        raise SystemExit("missing: node, chromium, or scripts/page-checkers lighthouse")
    words = [node, str(LIGHTHOUSE), url, "--quiet", "--output=json", f"--chrome-flags={FLAGS}"]
    words += [f"--only-categories={','.join(KINDS)}"]
    environ = {**os.environ, "CHROME_PATH": browser}
    said = subprocess.run(words, capture_output=True, text=True, env=environ, timeout=300)
    if said.returncode:
        raise SystemExit(said.stderr)
    answer = json.loads(said.stdout)
    wrong = [
        name
        for name in answer["categories"]["accessibility"]["auditRefs"]
        if answer["audits"][name["id"]]["score"] == 0
    ]
    if wrong:
        print(url, *(each["id"] for each in wrong))
    return {
        **{kind: 100 * answer["categories"][kind]["score"] for kind in KINDS},
        **{name: answer["audits"][name]["numericValue"] for name in TIMES},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the workspace here, or use the one there")
    given = parser.parse_args()
    print_head("Lighthouse on the pages of trackboard up", "trackboard", "starlette")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        make_workspace(folder, given.runs)
        with serve_ours(folder) as server:
            client, url = Client(server.port), f"http://localhost:{server.port}/"
            for path in WAYS.values():
                client.get(f"/{path}")
            found = {
                name: [ask(url + path) for _ in range(given.rounds)] for name, path in WAYS.items()
            }
    medians = {
        name: {key: statistics.median(each[key] for each in answers) for key in answers[0]}
        for name, answers in found.items()
    }
    rows = [[name, *(f"{value:.0f}" for value in each.values())] for name, each in medians.items()]
    print_table([f"{given.runs:,} runs", *KINDS, *(f"{name} ms" for name in TIMES)], rows)
    print_targets(
        Target(f"{kind} of {name}", each[kind], least, "", at_least=True)
        for name, each in medians.items()
        for kind, least in LEAST.items()
    )


if __name__ == "__main__":
    main()
