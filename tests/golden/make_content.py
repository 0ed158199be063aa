"""What the golden database and the golden spools hold: plain values, nothing of trackboard's.

An event is (class, fields); a series is (run, name, table, kind, points), a point (step or None, time,
value). The expected values are written from here and never read back by the code that wrote the files.
"""

import math

T0 = 1_700_000_000.0
CJK = "".join(chr(0x4E00 + k) for k in range(1024))  # as long as a metric's name may be
LONG_RUN_ID = "r" * 256
STATES = (
    *("not_started", "queued", "preparing", "starting", "running", "finalizing"),
    *("completed", "failed", "canceled"),
)
DIGEST = "sha256:" + "0123456789abcdef" * 4


def created(run, experiment, name="", parent=None, kind="interactive", time_s=T0, description=""):
    fields = locals()
    return ("Created", dict(fields))


def moved(run, state, attempt=0, sequence=1, time_s=T0 + 1, cause="", elapsed_s=None):
    fields = locals()
    return ("StateChanged", dict(fields))


def runs_in_every_state():
    for kind in ("interactive", "job"):
        for index, state in enumerate(STATES):
            run, at = f"{kind}-{state}", T0 + 10 * index
            yield created(run, "states", f"{kind} {state}", None, kind, at)
            yield moved(run, "running", 0, 1, at + 1, "", 0.0)
            cause = "it was said" if state in ("failed", "canceled") else ""
            yield moved(run, state, 1, 2, at + 3.5, cause, 2.5)


def family():
    yield created("parent", "family", "parent", description="the run above\nin two lines")
    yield created("child", "family", "child", "parent", "interactive", T0 + 1)
    yield created("grandchild", "family", "", "child", "job", T0 + 2)
    yield created(LONG_RUN_ID, "x" * 255, CJK, None, "interactive", T0 + 3)


def descriptions_of(run):
    for key, value in (("plain", "value"), ("none", None), ("empty", ""), ("Größe", "日本 🚀\n2")):
        yield ("Tagged", {"run": run, "key": key, "value": value, "removed": False})
    yield ("Tagged", {"run": run, "key": "gone", "value": "x", "removed": False})
    yield ("Tagged", {"run": run, "key": "gone", "value": None, "removed": True})
    for key, text in (("commit", "0123abc"), ("empty", ""), ("text", "a\tb\\c\"d'")):
        yield ("PropertyAdded", {"run": run, "key": key, "value": text})
    for name, setting in PARAMETERS.items():
        yield ("ParameterSet", {"run": run, "name": name, "value": setting})
    yield ("ParameterSet", {"run": run, "name": "rate", "value": 0.25})


PARAMETERS = {
    "rate": 0.1,
    "epochs": 2**53 + 1,
    "least": -(2**63),
    "shuffle": True,
    "optimizer": "adam",
    "nothing": "",
    "nan": math.nan,
    "infinite": -math.inf,
}


def files_of(run):
    for index, path in enumerate(("outputs/model.bin", "outputs/日本/x y.txt", "plain.log")):
        key = "" if path == "plain.log" else DIGEST
        yield (
            "FileAdded",
            {"run": run, "path": path, "key": key, "size_bytes": 2**40 + index, "time_s": T0 + 5},
        )
    kinds = ("image", "accuracy_table", "confusion_matrix", "predictions", "residuals")
    for index, kind in enumerate((*kinds, "image")):
        yield (
            "ArtifactLogged",
            {
                "run": run,
                "name": f"of {kind}",
                "kind": kind,
                "path": f"{kind}_{index}.png",
                "key": DIGEST,
                "size_bytes": index,
                "step": None if index == 0 else 10 * index,
                "time_s": T0 + 6,
            },
        )


def oddities():
    """Runs with warnings: a property given twice, a state after the last one, losses, a stub."""
    yield created("odd", "oddities", "odd")
    yield ("PropertyAdded", {"run": "odd", "key": "once", "value": "first"})
    yield ("PropertyAdded", {"run": "odd", "key": "once", "value": "second"})
    yield moved("odd", "completed", 0, 2, T0 + 2)
    yield moved("odd", "running", 0, 3, T0 + 3)
    yield ("RecordsDropped", {"run": "odd", "count": 7, "reason": "No space left on device"})
    yield ("Tagged", {"run": "never-created", "key": "stub", "value": "yes", "removed": False})


def texts():
    for step in range(3):
        yield text("parent", "words", f"text {step} ü", step)
    yield text("parent", "words", "without a step", None)
    yield text("parent", "mixed", "text beside numbers", 4)
    yield text("parent", "table/comment", "cell", 0, "table")
    yield text("parent", CJK, "under a long name", 1)
    for step in range(140):  # more than a chunk of texts
        yield text("child", "lines", f"line {step}", step)
    yield text("child", "lines", "long " * 14_000, 140)
    yield text("child", "lines", "the open end", 141)


def text(run, name, value, step, table=""):
    fields = dict(locals())
    return ("TextLogged", {**fields, "time_s": T0 + 7 + (step or 0)})


def all_events():
    yield from runs_in_every_state()
    yield from family()
    yield from descriptions_of("parent")
    yield from files_of("parent")
    yield from oddities()
    yield from texts()


def points(count, value):
    return [(k, T0 + 0.5 * k, value(k)) for k in range(count)]


def noise(k):
    return ((k * 7919) % 4099) / 64 - 7.25


FLOATS = (0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1)
INTS = (0, -1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63))


def all_series():
    yield ("parent", "float", "", "float", [(k, T0 + k, v) for k, v in enumerate(FLOATS)])
    yield ("parent", "int", "", "int", [(k, T0 + k, v) for k, v in enumerate(INTS)])
    yield ("parent", "bool", "", "bool", [(k, T0 + k, k % 3 == 0) for k in range(7)])
    yield ("parent", "mixed", "", "int", points(3, lambda k: k))
    yield ("parent", "counted", "", "float", [(None, T0 + k, 0.5 * k) for k in range(9)])
    steps = (5, 5, -3, 2**63 - 1, -(2**63), 0)
    yield ("parent", "odd steps", "", "float", [(s, T0 - 1e9, 1.5) for s in steps])
    yield ("parent", "table/x", "table", "float", points(4, lambda k: k / 4))
    yield ("parent", "table/n", "table", "int", points(4, lambda k: k * k))
    yield ("parent", CJK[:-1], "", "float", points(2, noise))
    yield ("child", "tail of 127", "", "float", points(127, noise))
    yield ("child", "small of 128", "", "float", points(128, noise))
    yield ("child", "small and tail", "", "int", points(1000, lambda k: k * 31 - 5))
    yield ("child", "full", "", "float", points(4096, noise))
    yield ("grandchild", "full, small, tail", "", "float", points(4096 * 2 + 301, noise))
    yield ("grandchild", "full of int", "", "int", points(4100, lambda k: (k * k) % 977 - 300))
    yield ("grandchild", "full of bool", "", "bool", points(4097, lambda k: k % 7 < 3))
    yield (LONG_RUN_ID, "loss", "", "float", points(5, noise))
    yield ("job-completed", "compacted", "", "float", points(700, noise))
    yield ("never-created", "loss", "", "float", points(2, noise))
