"""What browsers load: little, pinned, and the licence of what is not ours beside it."""

from __future__ import annotations

import gzip

from trackboard.server.templates import ASSETS

MOST_BYTES = 60 * 1024  # gzipped, of everything together


def test_all_script_and_style_is_small() -> None:
    files = [path for path in ASSETS.rglob("*") if path.suffix in (".js", ".css")]
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in files}
    assert "uPlot.iife.min.js" in sizes
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_what_is_not_ours_is_pinned_and_has_its_licence_beside_it() -> None:
    folders = [path for path in (ASSETS / "vendor").iterdir() if path.is_dir()]
    assert [path.name for path in folders] == ["uplot-1.6.32"]
    for folder in folders:
        version = folder.name.rpartition("-")[2]
        (script,) = folder.glob("*.js")
        assert f"(v{version})" in script.read_text("utf-8")[:300]
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text("utf-8")


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in ASSETS.rglob("*.js"):
        if "vendor" not in path.parts:
            assert "//" not in path.read_text("utf-8").replace("// ", ""), path
