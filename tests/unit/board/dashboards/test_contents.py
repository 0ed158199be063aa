from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image

from trackboard.board.dashboards import documents
from trackboard.board.dashboards.contents import Contents, Picture, Problem
from trackboard.board.dashboards.documents import Residuals
from trackboard.errors import NotFound
from trackboard.model import ArtifactKind
from trackboard.ports import Blob


def bitmap() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3, 2)).save(stream, "BMP")
    return stream.getvalue()


class FewBlobs:
    """Blobs that count how often they are opened."""

    def __init__(self, **blobs: bytes) -> None:
        self.blobs = blobs
        self.opened = 0

    def put(self, source: BinaryIO) -> tuple[str, int]:
        raise NotImplementedError

    def adopt(self, place: Path, key: str) -> None:
        raise NotImplementedError

    def open(self, key: str) -> BinaryIO:
        self.opened += 1
        if key not in self.blobs:
            raise NotFound(f"there is no blob {key}")
        return io.BytesIO(self.blobs[key])

    def iter_blobs(self) -> Iterator[Blob]:
        raise NotImplementedError

    def remove_leftovers(self, older_than_s: float, *, dry_run: bool = False) -> int:
        raise NotImplementedError

    def locate(self, key: str) -> Path:
        raise NotImplementedError

    def exists(self, key: str) -> bool:
        return key in self.blobs

    def delete(self, key: str) -> None:
        del self.blobs[key]


def residuals(bins: int) -> bytes:
    data = {"bin_edges": list(range(bins + 1)), "bin_counts": [1] * bins}
    return json.dumps({"schema_type": "residuals", "data": data}).encode()


def test_a_blob_is_opened_once() -> None:
    blobs = FewBlobs(image=bitmap(), doc=residuals(3), bad=b"")
    contents = Contents(blobs)
    for _ in range(3):
        assert contents.inspect_blob(ArtifactKind.IMAGE, "image") == Picture(3, 2)
        assert isinstance(contents.inspect_blob(ArtifactKind.RESIDUALS, "doc"), Residuals)
        assert isinstance(contents.inspect_blob(ArtifactKind.RESIDUALS, "bad"), Problem)
    assert blobs.opened == 3
    assert isinstance(contents.inspect_blob(ArtifactKind.IMAGE, "doc"), Problem)  # as another kind


def test_what_is_remembered_keeps_to_its_budget() -> None:
    blobs = FewBlobs(**{str(number): residuals(1000) for number in range(10)})
    contents = Contents(blobs, remembered_bytes=5 * 4 * len(residuals(1000)))
    for number in range(10):
        contents.inspect_blob(ArtifactKind.RESIDUALS, str(number))
    contents.inspect_blob(ArtifactKind.RESIDUALS, "9")
    assert blobs.opened == 10
    contents.inspect_blob(ArtifactKind.RESIDUALS, "0")
    assert blobs.opened == 11
    assert contents._kept_bytes <= 5 * 4 * len(residuals(1000))
    few = Contents(blobs, remembered=2)
    for number in (0, 1, 2, 1, 2):
        few.inspect_blob(ArtifactKind.RESIDUALS, str(number))
    assert blobs.opened == 14


def test_a_document_that_no_page_could_show_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "SIZE_BYTES", 1 << 20)
    found = Contents(FewBlobs(doc=residuals(500_000))).inspect_blob(ArtifactKind.RESIDUALS, "doc")
    assert found == Problem("it has more than 1 MiB")


def test_an_image_of_too_many_pixels_is_a_problem() -> None:
    wide = (100_000).to_bytes(4, "little")
    bomb = bitmap()[:18] + wide + wide + bitmap()[26:]
    found = Contents(FewBlobs(image=bomb)).inspect_blob(ArtifactKind.IMAGE, "image")
    assert isinstance(found, Problem)
    assert "pixels" in found.why
