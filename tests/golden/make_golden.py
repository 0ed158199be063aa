"""Make the golden files with the code of a past commit; see README.md for how.

    env -i PATH="$PATH" HOME=/home/golden PYTHONPATH=<old>/src python make_golden.py store|rest <folder>

Clocks and random ids are replaced, so that the same commit makes the same files. The expected values
are written from what was said, not from what the code under test reads; facts that follow from rules
(a run's number, its state, its warnings) are what the code of that commit answered.
"""

import dataclasses
import hashlib
import json
import os
import secrets
import socket
import struct
import sys
import time
import uuid
from pathlib import Path

import make_content as content

BOOT = "00000000-0000-4000-8000-000000000000"
_count = [0]


class Clock:
    now = content.T0


def _token(size=16):
    _count[0] += 1
    return hashlib.sha256(b"%d" % _count[0]).hexdigest()[: 2 * size]


def _freeze():
    """Before anything of trackboard is imported: it keeps some of these under other names."""
    time.time = lambda: Clock.now
    secrets.token_hex = _token
    uuid.uuid4 = lambda: uuid.UUID(_token())
    socket.gethostname = lambda: "golden-host"
    os.getpid = lambda: 4242


_freeze()

from trackboard import model  # noqa: E402
from trackboard.stores import open_sqlite  # noqa: E402
from trackboard.stores.schema.tables import SCHEMA  # noqa: E402
from trackboard.testing.speaker import Speaker, numbers  # noqa: E402

CATALOGUE_TIME_S = content.T0 + 1000


def to_event(kind, fields):
    enums = {"kind": model.RunKind, "state": model.RunState}
    if kind == "ArtifactLogged":
        enums = {"kind": model.ArtifactKind}
    return getattr(model, kind)(**{k: enums[k](v) if k in enums else v for k, v in fields.items()})


# -- a database ---------------------------------------------------------------------------------------


def make_store(folder):
    path = folder / f"store-schema-{SCHEMA}.db"
    path.unlink(missing_ok=True)
    store = open_sqlite(path)
    said = [to_event(*event) for event in content.all_events()]
    end = next(e for e in said if getattr(e, "run", "") == "job-completed" and is_terminal(e))
    said.remove(end)
    first, second = Speaker(), Speaker()
    store.apply([first.batch(*said)])
    for run, name, table, _, points in content.all_series():
        for begin in range(0, len(points), 400):  # as it grows: tails, small chunks, full ones
            part = points[begin : begin + 400]
            steps, times_s, values = zip(*part, strict=True)
            columns = numbers(run, name, values, steps=steps, times_s=times_s, table=table)
            store.apply([first.batch(points=[columns])])
    store.apply([first.batch(end)])  # its series is compacted
    lost = model.RecordsDropped("odd", 2, "the disk was full")
    store.apply([second.batch(lost, model.Ended(content.T0 + 900), skipped_bytes=33)])
    store.end_writer(second.writer, cause="it is over", time_s=content.T0 + 901)
    expected = fill_catalogue(store)
    store.close()
    store = open_sqlite(path)
    expected |= describe_runs(store) | {"writers": {first.writer: list(first.at)}}
    store.close()
    write_json(folder / f"store-schema-{SCHEMA}.json", expected)


def is_terminal(event):
    return isinstance(event, model.StateChanged) and event.state.is_terminal


def fill_catalogue(store):
    Clock.now = CATALOGUE_TIME_S
    store.add_experiment("empty")
    store.add_experiment("put-away")
    store.set_experiment_tags("put-away", {"team": "日本", "none": None})
    store.set_archived("put-away", CATALOGUE_TIME_S)
    store.apply([Speaker().batch(to_event(*content.created("deleted", "to-delete")))])
    store.apply([Speaker().batch(to_event(*content.moved("deleted", "completed")))])
    expected_trash = delete(store)
    store.set_name("child", "renamed")
    store.set_description("child", "described later")
    store.set_tags("child", {"later": "yes"})
    store.request_cancel("interactive-running")
    expected = {
        "deleted": ["deleted"],
        **expected_trash,
        "cancel_requested": ["interactive-running"],
        "experiment_facts": [
            ["empty", {}, None],
            ["put-away", {"team": "日本", "none": None}, CATALOGUE_TIME_S],
        ],
    }
    expected["models"] = add_models(store)
    expected["computes"], expected["jobs"] = add_computes(store)
    if hasattr(store, "add_environment"):
        expected["environments"] = add_environments(store)
    return expected


def delete(store):
    """The experiment `to-delete` for good; where there is a trash, a run in it, and one in the archive."""
    if not hasattr(store, "archive_runs"):
        store.delete_experiment("to-delete")
        return {}
    store.delete_experiment("to-delete", CATALOGUE_TIME_S)
    store.remove_runs(["deleted"], deleted_before_s=CATALOGUE_TIME_S + 1)
    store.remove_experiments(deleted_before_s=CATALOGUE_TIME_S + 1)
    store.apply([Speaker().batch(to_event(*content.created("in-trash", "trash")))])
    store.apply([Speaker().batch(to_event(*content.moved("in-trash", "completed")))])
    store.delete_runs(["in-trash"], CATALOGUE_TIME_S)
    store.archive_runs(["odd"], CATALOGUE_TIME_S)
    return {"in_trash": [["in-trash", CATALOGUE_TIME_S]], "archived": [["odd", CATALOGUE_TIME_S]]}


def add_models(store):
    from trackboard.ports import Model

    def one(name, version, run):
        files = {"model/weights.bin": content.DIGEST, "model/日本.txt": content.DIGEST}
        tags, properties = {"stage": "test"}, {"accuracy": "0.9"}
        about = ("a model", "pytorch", "2.0", CATALOGUE_TIME_S)
        return Model(name, version, run, files, tags, properties, *about)

    for name, run in (("digits", "parent"), ("digits", None), ("digits", None), ("other", None)):
        store.add_model(one(name, 0, run))
    store.delete_model("digits", 2)
    kept = [one("digits", 3, None), one("digits", 1, "parent"), one("other", 1, None)]
    return [dataclasses.asdict(each) for each in kept]


def add_computes(store):
    computes = [
        model.Compute("cpu", "AmlCompute", "STANDARD_D2", 0, 2, 120, content.T0, {"k": "v"}),
        model.Compute(
            *("box", "VirtualMachine", "", 1, 1, 0, content.T0, {}, "attached", "LowPriority"),
            *(content.T0 + 5, "user@host.example:22"),
        ),
    ]
    for each in computes:
        store.add_compute(each)
    jobs = [
        model.QueuedJob("job-queued", "cpu", content.T0 + 8, claimed=True),
        model.QueuedJob("job-not_started", "cpu", content.T0 + 9, claimed=False),
    ]
    for job in jobs:
        store.add_job(dataclasses.replace(job, claimed=False))
    assert store.claim_job("cpu").run == "job-queued"
    return list(map(dataclasses.asdict, computes)), list(map(dataclasses.asdict, jobs))


def add_environments(store):
    definitions = [("env", {"pip": ["numpy"], "n": 1}, ""), ("env", {"pip": []}, "")]
    definitions.append(("env", {"named": "日本"}, "stable"))
    for name, definition, version in definitions:
        store.add_environment(name, definition, version=version)
    return [
        {"name": "env", "version": v, "definition": d, "created_s": CATALOGUE_TIME_S}
        for v, d in (("stable", {"named": "日本"}), ("2", {"pip": []}), ("1", definitions[0][1]))
    ]


# -- what is expected -----------------------------------------------------------------------------------


def describe_runs(store):
    """Facts by rule from the store; tags, parameters, series and so on from what was said."""
    found = store.list_runs()
    return {
        "experiments": list(store.list_experiments()),
        "runs": [plain(dataclasses.asdict(run)) for run in found],
        "tags": {run.id: dict(store.get_tags(run.id)) for run in found if store.get_tags(run.id)},
        "properties": {
            run.id: dict(store.get_properties(run.id))
            for run in found
            if store.get_properties(run.id)
        },
        **describe_content(content.all_series()),
    }


def describe_content(all_series):
    """What follows from the content alone."""
    return {
        "parameters": {"parent": {**content.PARAMETERS, "rate": 0.25}},
        "files": [e for k, e in content.files_of("parent") if k == "FileAdded"],
        "artifacts": [
            {**e, "step": e["step"] or 0} for k, e in content.files_of("parent") if k != "FileAdded"
        ],
        "series": describe_series(all_series),
    }


def describe_series(all_series):
    expected = []
    for run, name, table, kind, points in all_series:
        whole = [
            (k if step is None else step, at, value) for k, (step, at, value) in enumerate(points)
        ]
        expected.append(one_series(run, name, table, kind, whole))
    texts = {}
    for kind, event in content.all_events():
        if kind == "TextLogged":
            texts.setdefault((event["run"], event["name"], event["table"]), []).append(event)
    for (run, name, table), events in texts.items():
        whole = [
            (k if e["step"] is None else e["step"], e["time_s"], e["value"])
            for k, e in enumerate(events)
        ]
        expected.append(one_series(run, name, table, "text", whole))
    return expected


def one_series(run, name, table, kind, points):
    """Few points as they are, many as the digest of their bytes: steps, times, then values."""
    described = {"run": run, "name": name, "table": table, "kind": kind, "count": len(points)}
    if len(points) <= 16:
        return described | {"points": points}
    steps, times_s, values = zip(*points, strict=True)
    data = struct.pack(f"<{len(steps)}q{len(steps)}d", *steps, *times_s)
    if kind == "text":
        data += json.dumps(values).encode()
    else:
        data += struct.pack(
            f"<{len(values)}{ {'float': 'd', 'int': 'q', 'bool': '?'}[kind] }", *values
        )
    return described | {"sha256": hashlib.sha256(data).hexdigest(), "last": points[-1]}


def plain(fields):
    told = {k: getattr(v, "value", v) for k, v in fields.items()}
    if "given_name" in told:
        told["name"] = told.pop("given_name")  # called so in schema 1 and 2
    return told


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n", "ascii")


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "store":
        make_store(target)
    else:
        import make_folders

        make_folders.make(target)
