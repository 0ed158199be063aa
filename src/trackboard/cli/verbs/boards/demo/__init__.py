"""`trackboard demo`: a history, a job that moves, and proofs, in one command."""

from trackboard.cli.verbs.boards.demo.verb import demo

__all__ = ["demo"]
