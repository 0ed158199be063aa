"""How the files and folders of a workspace lie on the disk: where, of what file system, with which modes."""

from trackboard.layout.atomic import replace_file
from trackboard.layout.file_system import FileSystem, find_file_system, is_network_folder
from trackboard.layout.modes import is_shared, make_folder, open_file

__all__ = [
    "FileSystem",
    "find_file_system",
    "is_network_folder",
    "is_shared",
    "make_folder",
    "open_file",
    "replace_file",
]
