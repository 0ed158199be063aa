"""Where the logs of a job are within its run; the names are the SDK's."""

from __future__ import annotations

CONSOLE = (
    "user_logs/std_log.txt"  # of several processes: what the first one prints, and words of ours
)
BUILD_LOG = "azureml-logs/20_image_build_log.txt"
LOG_FOLDERS = ("user_logs/", "azureml-logs/", "system_logs/", "logs/")


def console_of_rank(rank: int) -> str:
    """What one of several processes prints."""
    return f"user_logs/std_log_process_{rank}.txt"
