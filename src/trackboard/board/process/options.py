"""What a board process shows, as its command line. Standard library only: starters use it too."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trackboard.board.eventfiles.log_folders import LogFolder
from trackboard.board.series.samples import AS_USUAL, Samples

COMMAND = "tb-process"  # `python -m trackboard tb-process …`: for starters, not for people


@dataclass(frozen=True)
class Show:
    """A workspace (all of it, an experiment, or runs and their descendants), or log folders."""

    workspace: Path | None = None
    log_folder: Path | None = None
    log_folders: tuple[LogFolder, ...] = ()  # several, with a name for each
    experiment: str | None = None
    runs: tuple[str, ...] | None = None
    raw_ids: bool = False
    samples: Samples = AS_USUAL

    def __post_init__(self) -> None:
        given = (self.workspace is not None, self.log_folder is not None, bool(self.log_folders))
        assert sum(given) == 1, "one of the three"


@dataclass(frozen=True)
class Command:
    """Everything that a board process is told."""

    show: Show
    host: str
    port: int
    control: int  # file descriptor, see `board.process.handshake`
    output: Path  # where its output goes; it removes the file, and its folder, when it ends as it should
    path_prefix: str = ""

    def to_arguments(self) -> list[str]:
        """The words after `python -m trackboard`."""
        words = [COMMAND, f"--port={self.port}", f"--host={self.host}"]
        words += [f"--control={self.control}", f"--output={self.output}"]
        words.append(f"--path-prefix={self.path_prefix}")
        if self.show.workspace is not None:
            words.append(f"--workspace={self.show.workspace}")
        if self.show.log_folder is not None:
            words.append(f"--log-folder={self.show.log_folder}")
        words += [f"--named-folder={each.name}:{each.path}" for each in self.show.log_folders]
        if self.show.experiment is not None:
            words.append(f"--experiment={self.show.experiment}")
        if self.show.runs is not None:
            words.append("--only-runs")
            words += [f"--run={run}" for run in self.show.runs]
        if self.show.raw_ids:
            words.append("--raw-ids")
        words.append(f"--samples={self.show.samples}")
        return words

    @classmethod
    def parse(cls, words: Sequence[str]) -> Command:
        """Read what `to_arguments` wrote (without its first word)."""
        parser = argparse.ArgumentParser(COMMAND, allow_abbrev=False)
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--host", required=True)
        parser.add_argument("--control", type=int, required=True)
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--path-prefix", default="")
        parser.add_argument("--workspace", type=Path)
        parser.add_argument("--log-folder", type=Path)
        parser.add_argument("--named-folder", action="append", default=[])
        parser.add_argument("--experiment")
        parser.add_argument("--only-runs", action="store_true")
        parser.add_argument("--run", action="append", default=[])
        parser.add_argument("--raw-ids", action="store_true")
        parser.add_argument("--samples", type=Samples.parse, default=AS_USUAL)
        said = parser.parse_args(words)
        show = Show(
            workspace=said.workspace,
            log_folder=said.log_folder,
            log_folders=tuple(_named(word) for word in said.named_folder),
            experiment=said.experiment,
            runs=tuple(said.run) if said.only_runs else None,
            raw_ids=said.raw_ids,
            samples=said.samples,
        )
        return cls(show, said.host, said.port, said.control, said.output, said.path_prefix)


def _named(word: str) -> LogFolder:
    name, _, path = word.partition(":/")  # absolute, and a name holds no slash
    return LogFolder(name, Path(f"/{path}"))
