"""How the files and folders of a workspace lie on the disk: where, of what file system, with which modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
    from trackboard.layout.atomic import create_file, replace_file, replacing
    from trackboard.layout.file_system import FileSystem, find_file_system, is_network_folder
    from trackboard.layout.modes import PRIVATE_FILE, is_own, is_shared, make_folder, open_file
    from trackboard.layout.paths import LOGS, OUTPUTS, JobPaths, WorkspacePaths
    from trackboard.layout.root import ROOT
    from trackboard.layout.sharing import (
        describe_others,
        give_to_group,
        group_name,
        make_workspace_folder,
        owner_name,
        set_sharing,
    )
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "atomic": ("create_file", "replace_file", "replacing"),
            "file_system": ("FileSystem", "find_file_system", "is_network_folder"),
            "modes": ("PRIVATE_FILE", "is_own", "is_shared", "make_folder", "open_file"),
            "paths": ("LOGS", "OUTPUTS", "JobPaths", "WorkspacePaths"),
            "root": ("ROOT",),
            "sharing": (
                "describe_others",
                "give_to_group",
                "group_name",
                "make_workspace_folder",
                "owner_name",
                "set_sharing",
            ),
        },
    )

__all__ = [
    "LOGS",
    "OUTPUTS",
    "PRIVATE_FILE",
    "ROOT",
    "FileSystem",
    "JobPaths",
    "WorkspacePaths",
    "create_file",
    "describe_others",
    "find_file_system",
    "give_to_group",
    "group_name",
    "is_network_folder",
    "is_own",
    "is_shared",
    "make_folder",
    "make_workspace_folder",
    "open_file",
    "owner_name",
    "replace_file",
    "replacing",
    "set_sharing",
]
