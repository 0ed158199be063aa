from pathlib import Path

import pytest

from trackboard.environments.gpus import describe_unused


@pytest.mark.parametrize(
    ("packages", "has_driver", "is_said"),
    [
        (["torch==2.2.2", "nvidia-nccl-cu12==2.19", "nvidia-cudnn-cu12==8"], False, True),
        (["torch==2.2.2", "nvidia-nccl-cu12==2.19", "nvidia-cudnn-cu12==8"], True, False),
        (["torch==2.2.2+cpu"], False, False),
        ([], False, False),
    ],
)
def test_libraries_that_nothing_here_can_use(
    packages: list[str],
    has_driver: bool,
    is_said: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if has_driver:
        (tmp_path / "nvidia-smi").write_text("")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = describe_unused(packages)

    assert said.startswith("2 of these are NVIDIA's") is is_said
    assert ("UV_TORCH_BACKEND=cpu" in said) is is_said
