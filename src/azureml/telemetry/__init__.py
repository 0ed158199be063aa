"""`azureml.telemetry`: accepted, remembered in this process, and never sent anywhere."""

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.telemetry._settings import (
    UserErrorException,
    get_diagnostics_collection_info,
    get_event_logger,
    get_telemetry_log_handler,
    set_diagnostics_collection,
)

__getattr__ = other_names(__name__)

INSTRUMENTATION_KEY = ""

__all__ = [
    "INSTRUMENTATION_KEY",
    "UserErrorException",
    "get_diagnostics_collection_info",
    "get_event_logger",
    "get_telemetry_log_handler",
    "set_diagnostics_collection",
]
