"""A build backend of a package that takes its time: it says that it began, and waits to be let on."""

import os
import time
import zipfile
from pathlib import Path
from typing import Any

_DEADLINE_S = 60.0


def get_requires_for_build_wheel(_settings: Any = None) -> list[str]:
    return []


def prepare_metadata_for_build_wheel(folder: str, _settings: Any = None) -> str:
    info = Path(folder, "slow-1.0.dist-info")
    info.mkdir()
    for name, text in _INFO.items():
        (info / name).write_text(text)
    return info.name


def build_wheel(folder: str, _settings: Any = None, _metadata: Any = None) -> str:
    begun, go_on = Path(os.environ["SLOW_BEGUN"]), Path(os.environ["SLOW_GO_ON"])
    with begun.open("a") as file:
        file.write(f"{os.getpid()}\n")
    deadline_s = time.monotonic() + _DEADLINE_S
    while not go_on.exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    name = "slow-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        wheel.writestr("slow.py", "speed = 1\n")
        for file_name, text in {**_INFO, "RECORD": ""}.items():
            wheel.writestr(f"slow-1.0.dist-info/{file_name}", text)
    return name


_INFO = {
    "METADATA": "Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
