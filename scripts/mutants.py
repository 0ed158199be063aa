#!/usr/bin/env python3
"""Change the code of a package in one place at a time, and count which changes its fast tests notice.

    scripts/mutants.py                           # spool, ingest, stores, eventfile, one after the other
    scripts/mutants.py --only spool              # one package
    scripts/mutants.py --only spool/writer.py    # one file
    scripts/mutants.py --sample 300 --seed 2     # of each package so many, drawn at random

mutmut makes the mutants and runs the tests; its settings are in pyproject.toml. Here stands what it has no
setting for: which tests judge which package, the sample, and functions that are called while modules are
imported: it imports those once for all mutants, so their survivors are tried again, each in a new process.
It leaves its work in `mutants/`, so that `mutmut show NAME` answers about the package that came last.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mutmut.__main__ import _run
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_mutant_name, mangled_name_from_mutant_name

_CONTRACT = "tests/contract/test_stores.py::TestSqlite"
_LEFT_OUT = (  # tests that take seconds
    "tests/unit/ingest/test_costs.py::test_a_fresh_reader_beside_a_living_writer_reads_what_is_new",
    "tests/unit/ingest/test_killed_readers.py",
    "tests/unit/ingest/test_quarantine.py::test_a_store_that_cannot_hold_some_records_gets_all_others[too",
    "tests/unit/ingest/test_quarantine.py::test_no_value_in_any_field_keeps_anything_else_from_being",
    "tests/unit/spool/test_writer.py::test_a_process_without_memory_goes_on_recording",
    "tests/unit/spool/test_writer.py::test_a_signal_handler_may_log_in_the_middle_of_a_log",
    "tests/unit/stores/engine/test_sqlite.py::test_a_full_disk_loses_nothing_that_was_stored",
    "tests/unit/stores/engine/test_sqlite.py::test_many_processes_may_create_it_at_once",
    "tests/unit/stores/points/test_appender.py::test_there_are_never_many_chunks_behind",
    "tests/unit/stores/points/test_damage.py::test_a_stream_goes_on_behind_it",
    "tests/unit/stores/test_imports.py",
    f"{_CONTRACT}::test_a_fork_amid_writes_is_not_stuck",
    f"{_CONTRACT}::test_a_killed_writer_leaves_whole_batches",
    f"{_CONTRACT}::test_a_thousand_runs_in_pages",
    f"{_CONTRACT}::test_long_values_are_kept_whole_and_found[1000000]",
    f"{_CONTRACT}::test_many_ids_in_one_question",
    f"{_CONTRACT}::test_many_series_at_once",
    f"{_CONTRACT}::test_odd_texts_are_found_again",  # and those that pytest does not find by their ids
    f"{_CONTRACT}::test_one_batch_offered_by_many_processes_is_stored_once",
    f"{_CONTRACT}::test_points_survive_in_pieces",
    f"{_CONTRACT}::test_processes_write_together",
    f"{_CONTRACT}::test_threads_write_and_read_together",
    f"{_CONTRACT}::test_two_handles_append_to_one_series_in_turn",
)
_JUDGES = {  # a package, and its tests; each of them takes a fraction of a second
    "spool": (
        "tests/unit/spool",
        "tests/contract/test_record_sinks.py",
        "tests/contract/test_spool_sources.py",
    ),
    "ingest": (
        "tests/unit/ingest",
        "tests/contract/test_spool_sources.py",
        "tests/contract/test_run_files.py",
    ),
    "stores": (
        "tests/unit/stores",
        "tests/property/test_chunk_codec.py",
        _CONTRACT,
    ),
    "eventfile": ("tests/unit/eventfile", "tests/property/test_eventfile_readers.py"),
}
_NOTICED_NOT = ("survived", "no tests")
_CALLED_AT_IMPORT = """
import importlib, pkgutil, sys
sys.path.insert(0, "mutants/src")
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
from mutmut.state import state
print(*state()._stats)
"""
_ALONE = "import sys, pytest; sys.path.insert(0, 'src'); sys.exit(pytest.main(sys.argv[1:]))"


def main() -> int:
    """Run what the command line asks for; 1 when less than --least of the mutants were killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="a package, or one of its files")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each package")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tried at the same time")
    parser.add_argument("--least", type=float, default=90.0, help="percent that must be killed")
    said = parser.parse_args()
    if not said.only:  # mutmut keeps its state in globals: a process for each package
        again = [sys.executable, "scripts/mutants.py", *sys.argv[1:], "--only"]
        return max(subprocess.run([*again, package], check=False).returncode for package in _JUDGES)
    package, _, file = said.only.removeprefix("src/trackboard/").rstrip("/").partition("/")
    if package not in _JUDGES:
        parser.error(f"--only {said.only}: name one of {', '.join(_JUDGES)}, or a file of one")
    settings = config()
    settings.only_mutate = [f"src/trackboard/{package}/{file or '*'}"]
    settings.pytest_add_cli_args_test_selection = [
        *_JUDGES[package],
        *(f"--deselect={each}" for each in _LEFT_OUT),
    ]
    names = _draw(said.sample, said.seed)
    if not names:
        parser.error(f"--only {said.only}: there is nothing to mutate")
    shutil.rmtree("mutants", ignore_errors=True)
    _run(names, said.jobs)
    statuses = _read_statuses(set(names))
    _try_alone(f"trackboard.{package}", statuses)
    return _report(f"{said.only}, seed {said.seed}", statuses, said.least)


def _draw(count: int, seed: int) -> list[str]:
    """The names of the mutants to try: all, or so many of them."""
    names = [
        get_mutant_name(path, name)
        for path in sorted(walk_mutatable_files())
        for name in mutate_file_contents(str(path), path.read_text("utf-8")).mutant_names
    ]
    return sorted(random.Random(seed).sample(names, count)) if 0 < count < len(names) else names


def _read_statuses(names: set[str]) -> dict[str, str]:
    statuses: dict[str, str] = {}
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name in names & set(data.exit_code_by_key):
            statuses[name] = status_by_exit_code[data.exit_code_by_key[name]]
    return statuses


def _try_alone(package: str, statuses: dict[str, str]) -> None:
    """Try mutants again, each in a process of its own.

    Those that nobody noticed and whose function is called by an import; and those that took too long,
    as a busy machine is slow.
    """
    called = subprocess.run(
        [sys.executable, "-c", _CALLED_AT_IMPORT, package],
        env={**os.environ, "MUTANT_UNDER_TEST": "stats"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    known = state()
    for name, status in statuses.items():
        function = mangled_name_from_mutant_name(name)
        if status in _NOTICED_NOT and function in called:
            tests = config().pytest_add_cli_args_test_selection
        elif status == "timeout":
            found = known.tests_by_mangled_function_name[function]
            tests = sorted(found, key=lambda test: known.duration_by_test[test])
        else:
            continue
        options = ("--rootdir=.", "-x", "-q", *config().pytest_add_cli_args)
        ended = subprocess.run(
            [sys.executable, "-c", _ALONE, *options, *tests],
            cwd="mutants",
            env={**os.environ, "MUTANT_UNDER_TEST": name},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if ended.returncode == pytest.ExitCode.USAGE_ERROR:
            sys.exit(f"pytest does not find a test by its id, one of: {' '.join(tests)}")
        statuses[name] = "killed" if ended.returncode else "survived"


def _report(what: str, statuses: dict[str, str], least: float) -> int:
    for name, status in sorted(statuses.items()):
        if status != "killed":
            print(f"\n# {status}: {name}")
            print(get_diff_for_mutant(name))
    killed = sum(status not in _NOTICED_NOT for status in statuses.values())
    score = 100.0 * killed / len(statuses)
    print(f"\n{what}: {killed} of {len(statuses)} mutants killed, {score:.1f} %")
    return int(score < least)


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    sys.exit(main())
