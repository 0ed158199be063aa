"""Where a workspace is, and what its settings say."""

from trackboard.config.compute import LOCAL, ComputeSettings, check_options
from trackboard.config.location import (
    DEFAULT_NAME,
    FOLDER_KEY,
    Location,
    SdkConfig,
    find_in,
    find_location,
    find_named,
    find_sdk_config,
    list_named,
    location_of,
    read_sdk_config,
)
from trackboard.config.settings import (
    Settings,
    SettingsFile,
    apply_sharing,
    holds_workspace,
    make_workspace,
    read_settings,
)
from trackboard.layout import ROOT

__all__ = [
    "DEFAULT_NAME",
    "FOLDER_KEY",
    "LOCAL",
    "ROOT",
    "ComputeSettings",
    "Location",
    "SdkConfig",
    "Settings",
    "SettingsFile",
    "apply_sharing",
    "check_options",
    "find_in",
    "find_location",
    "find_named",
    "find_sdk_config",
    "holds_workspace",
    "list_named",
    "location_of",
    "make_workspace",
    "read_sdk_config",
    "read_settings",
]
