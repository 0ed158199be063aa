"""The JSON shape of what is told to the outside: what was told once keeps its name and its meaning."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from trackboard.model import Run, RunId, RunKind, RunState, Series, SeriesId, ValueKind
from trackboard.ports import Experiment, RunFile
from trackboard.service import ExperimentFacts, JobFacts, RunDetails, RunFacts, wire

GOLDEN = Path(__file__).with_name("data") / "wire-1.json"

RUN = Run(
    id=RunId("digits_1"),
    experiment="digits",
    number=3,
    given_name="first",
    parent=RunId("digits_0"),
    kind=RunKind.JOB,
    state=RunState.FAILED,
    cause="exit 3",
    created_s=1_700_000_000.25,
    started_s=1_700_000_001.0,
    ended_s=1_700_000_061.5,
    lost_points=2,
    warnings=("2 points were lost",),
)
LOSS = Series(
    id=SeriesId(1),
    run=RUN.id,
    name="loss",
    kind=ValueKind.FLOAT,
    count=3,
    last_step=2,
    last_time_s=1_700_000_060.0,
    last_value=math.nan,
    min_value=-math.inf,
    max_value=math.inf,
    max_step=2,
)
FACTS = RunFacts(
    run=RUN,
    name="digits/above/first",
    is_lost=False,
    tags={"team": "vision", "plain": None},
    parameters={"lr": 0.1, "layers": 2, "amp": True, "optimizer": "adam", "bad": math.nan},
    metrics={"loss": LOSS},
)
DETAILS = RunDetails(
    facts=FACTS,
    properties={"azureml.git.branch": "main"},
    files=(RunFile("outputs/model.pkl", "sha256:00", 7, 1_700_000_050.0),),
    job=JobFacts(
        "cpu-cluster", 2, "3 files, 1 KB, 0123456789ab", "Python 3.11", "train.py --lr 0.1"
    ),
    folder=Path("/history/runs/digits_1"),
)
LOST = replace(
    FACTS,
    is_lost=True,
    run=replace(
        RUN,
        kind=RunKind.INTERACTIVE,
        state=RunState.PREPARING,
        parent=None,
        started_s=None,
        ended_s=None,
    ),
)
DELETED = replace(RUN, archived_s=1_700_000_100.0, deleted_s=1_700_000_200.0)
DIGITS = Experiment("digits", {"team": "vision", "plain": None}, 1_700_000_100.0)


def told() -> dict[str, object]:
    return {
        "version": wire.VERSION,
        "a run in a list": wire.run_facts(LOST),
        "a run with all that is known": wire.run_details(DETAILS),
        "a run in the trash": wire.run_facts(replace(FACTS, run=DELETED)),
        "an experiment": wire.experiment_facts(
            ExperimentFacts(DIGITS, runs=3, active=1, newest_s=RUN.created_s)
        ),
    }


def test_what_was_told_is_told_still() -> None:
    text = json.dumps(told(), allow_nan=False)
    now, golden = json.loads(text), json.loads(GOLDEN.read_text())
    for name, said in golden.items():
        assert _as_then(now[name], said) == said, name


def _as_then(now: object, then: object) -> object:
    """What is told now, without keys that were added since."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {key: _as_then(now[key], said) for key, said in then.items() if key in now}
    return now
