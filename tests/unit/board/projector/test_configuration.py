import pytest

from trackboard.board.projector.configuration import localize, localize_beside

FILES = ["projector_config.pbtxt", "00000/default/tensors.tsv", "m.ckpt-2.index", "a/metadata.tsv"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/w/jobs/x/work/logs/00000/default/tensors.tsv", "00000/default/tensors.tsv"),
        ("/home/me/a/metadata.tsv", "a/metadata.tsv"),
        ("/ckpt/m.ckpt-2", "m.ckpt-2"),
        ("00000/default/tensors.tsv", "00000/default/tensors.tsv"),  # relative: as it is
        ("/data/vocabulary.tsv", "/data/vocabulary.tsv"),  # nowhere here
        ("/metadata.tsv", "/metadata.tsv"),
    ],
)
def test_absolute_paths_become_those_of_files_in_the_log_directory(said: str, shown: str) -> None:
    for quote in "\"'":
        text = f"embeddings {{ tensor_path: {quote}{said}{quote} }}"
        assert localize(text, FILES) == text.replace(said, shown)


def test_a_configuration_of_a_plugin_s_folder_and_other_bytes() -> None:
    content = b'\xff metadata_path: "/x/plugins/p/metadata.tsv"'
    beside = ["plugins/p/projector_config.pbtxt", "plugins/p/metadata.tsv"]
    localized = localize_beside(beside[0], content, beside)
    assert localized == b'\xff metadata_path: "metadata.tsv"'
