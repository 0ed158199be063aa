"""Where workers run: local slots."""

from trackboard.targets.local import LocalTarget

__all__ = ["LocalTarget"]
