"""Files as a tree: sums, closed folders, and parts of a page's size."""

from __future__ import annotations

from trackboard.ports import RunFile
from trackboard.server.files.tree import make_tree


def files(*paths: str, size_bytes: int = 10) -> list[RunFile]:
    return [RunFile(path, "", size_bytes, float(index)) for index, path in enumerate(paths)]


def test_folders_come_before_what_is_in_them_with_its_sums() -> None:
    tree = make_tree(files("outputs/a/x", "logs/l.txt", "outputs/b", "outputs/a.txt", "plain"))
    assert [(each.level, each.name, each.file_count, each.size_bytes) for each in tree.entries] == [
        (0, "logs/", 1, 10),
        (1, "l.txt", 0, 10),
        (0, "outputs/", 3, 30),
        (1, "a/", 1, 10),
        (2, "x", 0, 10),
        (1, "a.txt", 0, 10),
        (1, "b", 0, 10),
        (0, "plain", 0, 10),
    ]
    assert [each.time_s for each in tree.entries if each.name in ("outputs/", "a/")] == [3, 0]
    assert (tree.file_count, tree.size_bytes, tree.next) == (5, 50, "")


def test_a_folder_with_much_in_it_is_closed_and_has_a_page_of_its_own() -> None:
    many = files(*(f"outputs/steps/{number:03}/model" for number in range(60)), "outputs/z")
    shown = [each.path for each in make_tree(many).entries]
    assert shown == ["outputs/", "outputs/steps/", "outputs/z"]
    inside = make_tree(many, "outputs/steps/")
    assert len(inside.entries) == 120
    assert (inside.entries[1].path, inside.entries[1].level) == ("outputs/steps/000/model", 1)
    assert make_tree(many, "output").entries == []


def test_parts_miss_nothing_and_show_nothing_twice() -> None:
    paths = [f"{folder}/{name}" for folder in "abc" for name in ("x", "y", "z/1", "z")]
    whole = [each.path for each in make_tree(files(*paths)).entries]
    found, after = [], ""
    for _ in whole:
        part = make_tree(files(*paths), after=after, limit=2)
        found += [each.path for each in part.entries]
        after = part.next
        if not after:
            break
    assert found == whole
    assert len(set(found)) == len(found) == 3 * 6


def test_names_that_no_folder_could_have_are_rows_as_well() -> None:
    tree = make_tree(files("../x", "/etc/passwd", "a//b", ""))
    assert {each.path for each in tree.entries if not each.file_count} == {
        *("../x", "/etc/passwd", "a//b", "")
    }
