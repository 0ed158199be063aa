"""All that is known of a run in one dict, under the SDK's keys: `Run.get_details`."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from trackboard.model import REASON, RunState

if TYPE_CHECKING:
    from trackboard.model import Run as StoredRun

ERROR_CODE = "azureml.error_code"  # the property in which `fail` keeps it
DEFAULT_CODE = "UserError"
_FAILURE = re.compile(r"user program failed with (\w+): ")


def summary_of(
    stored: StoredRun,
    *,
    status: str,
    properties: Dict[str, str],
    target: Optional[str],
    definition: Optional[Dict[str, Any]],
    log_files: Dict[str, str],
) -> Dict[str, Any]:
    """Return what is known of a run; keys without a value are left out.

    Args:
        stored: The run.
        status: The SDK's word for its state.
        properties: Its properties.
        target: The compute target of a job.
        definition: What was submitted, of a job.
        log_files: Addresses of its log files by path.
    """
    details = {
        "runId": stored.id,
        "target": target,
        "status": status,
        "startTimeUtc": _utc(stored.started_s),
        "endTimeUtc": _utc(stored.ended_s),
        "services": {},
        "error": _error(stored, properties),
        "warnings": [{"message": warning} for warning in stored.warnings] or None,
        "properties": properties,
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": definition,
        "logFiles": log_files,
        "submittedBy": properties.get("trackboard.user"),
    }
    return {key: value for key, value in details.items() if value is not None}


def _error(stored: StoredRun, properties: Mapping[str, str]) -> Optional[Dict[str, Any]]:
    """Why it failed, or what its script gave to `fail`, under the SDK's keys."""
    told = properties.get(REASON, stored.cause)
    if stored.state is not RunState.FAILED and not properties.keys() & {REASON, ERROR_CODE}:
        return None
    error: Dict[str, Any] = {
        "code": properties.get(ERROR_CODE, DEFAULT_CODE),
        "message": told,
    }
    failure = _FAILURE.match(told)
    first, _, trace = told.partition("\nTraceback ")
    if failure and trace:
        error["debugInfo"] = {
            "type": failure[1],
            "message": first[failure.end() :],
            "stackTrace": f"Traceback {trace}",
        }
    return {"error": error}


def _utc(time_s: Optional[float]) -> Optional[str]:
    if time_s is None:
        return None
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_s))
    return f"{moment}.{int(time_s % 1 * 1e6):06d}Z"
