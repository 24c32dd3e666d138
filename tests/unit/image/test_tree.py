"""Trees and how a folder becomes one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from functions_model.core.failures import BundleFailed
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.tree import read_tree


def write(folder: Path, **files: str) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def paths(tree: FileTree) -> list[str]:
    return [file.path for file in tree.files]


def content(tree: FileTree, path: str) -> bytes | Link:
    (file,) = [file for file in tree.files if file.path == path]
    return file.content.read_bytes() if isinstance(file.content, Path) else file.content


class TestFileTree:
    def test_files_are_sorted_however_they_come(self) -> None:
        """The order of the arguments is forgotten."""
        files = [TreeFile(path, b"") for path in ("b/a", "a", "b-c")]

        assert FileTree.of(files) == FileTree.of(reversed(files))
        assert ["a", "b-c", "b/a"] == paths(FileTree.of(files))

    def test_the_same_path_twice_is_refused(self) -> None:
        """Adding trees that clash names every clash."""
        ours = FileTree.of([TreeFile("app/host.json", b"1"), TreeFile("app/lib", b"")])
        theirs = FileTree.of([TreeFile("app/host.json", b"2"), TreeFile("app/lib/x.py", b"")])

        with pytest.raises(BundleFailed) as failed:
            ours + theirs
        assert ["app/host.json", "app/lib"] == [problem.subject for problem in failed.value.problems]

    @pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "./a", "a/../b", ".."])
    def test_only_plain_relative_paths_are_taken(self, path: str) -> None:
        """A path that could mean something else in a tar is refused."""
        with pytest.raises(ValueError, match="not a plain relative path"):
            TreeFile(path, b"")

    @pytest.mark.parametrize("path", ["a", "a.b/..c", ".a/b.", "a/.../b", "größe/模型"])
    def test_dots_within_names_are_taken(self, path: str) -> None:
        """Only whole names that are dots mean another folder."""
        assert path == TreeFile(path, b"").path

    def test_folders_are_named_once_each_from_the_top(self) -> None:
        """Also those that hold nothing but folders."""
        tree = FileTree.of(TreeFile(path, b"") for path in ("a/b/c/x", "a/b/c/y", "a/d/z", "top"))

        assert ("a", "a/b", "a/b/c", "a/d") == tree.folders()
        assert () == FileTree.of([TreeFile("top", b"")]).folders()


class TestReadTree:
    def test_a_folder_is_read_below_its_place(self, tmp_path: Path) -> None:
        """Paths are those of the image; the owner's execute bit is kept."""
        write(tmp_path, src__score="x", src__pkg__a="y")
        (tmp_path / "src/score").chmod(0o700)
        tree = read_tree(tmp_path / "src", "home/site", root=tmp_path)

        assert ["home/site/pkg/a", "home/site/score"] == paths(tree)
        assert [False, True] == [file.executable for file in tree.files]

    def test_a_single_file_is_a_tree_of_one(self, tmp_path: Path) -> None:
        """A model may be one file."""
        write(tmp_path, model="x")

        assert ["m/model"] == paths(read_tree(tmp_path / "model", "m", root=tmp_path))

    def test_lengths_are_remembered_and_not_compared(self, tmp_path: Path) -> None:
        """Nobody needs to ask the disk again; the same files elsewhere are the same tree."""
        write(tmp_path, model="12345")
        tree = read_tree(tmp_path / "model", "m", root=tmp_path)
        (tmp_path / "model").unlink()

        assert (5, 5) == (tree.size, tree.files[0].size)
        assert FileTree.of([TreeFile("m/model", tmp_path / "model")]) == tree

    def test_an_empty_folder_is_an_empty_tree(self, tmp_path: Path) -> None:
        """Folders without files are left out, as git does."""
        (tmp_path / "a/b").mkdir(parents=True)

        assert FileTree() == read_tree(tmp_path, "m", root=tmp_path)

    def test_patterns_leave_files_out(self, tmp_path: Path) -> None:
        """History and bytecode stay out, at any depth."""
        write(tmp_path, **{".git__HEAD": "x", "a__.git__HEAD": "", "a__b.pyc": "", "a__b": "", "c": ""})
        (tmp_path / "a/__pycache__").mkdir()
        (tmp_path / "a/__pycache__/x").write_text("")

        assert ["a/b", "c"] == paths(read_tree(tmp_path, "", root=tmp_path, exclude=[".git/", "__pycache__/", "*.pyc"]))

    def test_patterns_can_be_taken_back(self, tmp_path: Path) -> None:
        """The last pattern that matches wins."""
        write(tmp_path, data__a="", data__keep="", code="")

        assert ["code", "data/keep"] == paths(read_tree(tmp_path, "", root=tmp_path, exclude=["data/**", "!data/keep"]))


class TestLinks:
    def test_a_link_inside_the_folder_stays_a_link(self, tmp_path: Path) -> None:
        """It is made relative, wherever the folder is."""
        write(tmp_path, m__v2__model="two")
        (tmp_path / "m/latest").symlink_to(tmp_path / "m/v2")
        (tmp_path / "m/v2/same").symlink_to("model")
        (tmp_path / "m/v2/up").symlink_to("../v2/model")
        tree = read_tree(tmp_path / "m", "x", root=tmp_path)

        assert ["x/latest", "x/v2/model", "x/v2/same", "x/v2/up"] == paths(tree)
        assert [Link("v2"), Link("model"), Link("model")] == [
            content(tree, path) for path in ("x/latest", "x/v2/same", "x/v2/up")
        ]

    def test_a_link_to_elsewhere_in_the_root_becomes_a_copy(self, tmp_path: Path) -> None:
        """What lies beside the folder is copied, files and folders alike, links in it included."""
        write(tmp_path, data__file="f", data__dir__a="a", src__own="o")
        (tmp_path / "data/dir/b").symlink_to("a")
        (tmp_path / "src/file").symlink_to("../data/file")
        (tmp_path / "src/dir").symlink_to("../data/dir")
        tree = read_tree(tmp_path / "src", "", root=tmp_path)

        assert ["dir/a", "dir/b", "file", "own"] == paths(tree)
        assert [b"a", Link("a"), b"f"] == [content(tree, path) for path in ("dir/a", "dir/b", "file")]

    def test_a_link_to_an_excluded_file_becomes_a_copy(self, tmp_path: Path) -> None:
        """No link of the image leads nowhere."""
        write(tmp_path, cache__blob="weights", other="")
        (tmp_path / "model").symlink_to("cache/blob")
        tree = read_tree(tmp_path, "", root=tmp_path, exclude=["cache/"])

        assert ["model", "other"] == paths(tree)
        assert b"weights" == content(tree, "model")

    def test_links_out_of_the_root_and_to_nowhere_are_all_told(self, tmp_path: Path) -> None:
        """Both paths are named, every link has its problem, and nothing outside is read."""
        write(tmp_path, outside="secret", root__src__a="")
        source = tmp_path / "root/src"
        (source / "leaves").symlink_to("../../outside")
        (source / "nowhere").symlink_to("gone")
        (source / "circle").symlink_to("circle")
        (source / "above").symlink_to("..")

        with pytest.raises(BundleFailed) as failed:
            read_tree(source, "", root=tmp_path / "root")
        told = {problem.subject: problem.what for problem in failed.value.problems}
        assert {f"`{source / name}`" for name in ("leaves", "nowhere", "circle", "above")} == set(told)
        assert f"it leads to `{tmp_path / 'outside'}`, outside of `{tmp_path / 'root'}`" == told[f"`{source}/leaves`"]

    def test_two_folders_that_link_to_one_another_end(self, tmp_path: Path) -> None:
        """A circle through copied folders is refused, not followed for ever."""
        write(tmp_path, a__x="", b__y="")
        (tmp_path / "a/b").symlink_to("../b")
        (tmp_path / "b/a").symlink_to("../a")

        with pytest.raises(BundleFailed, match="which holds the link itself"):
            read_tree(tmp_path / "a", "", root=tmp_path)

    def test_hard_links_are_files_of_their_own(self, tmp_path: Path) -> None:
        """Each name has the content."""
        write(tmp_path, a="x")
        os.link(tmp_path / "a", tmp_path / "b")

        assert [b"x", b"x"] == [content(read_tree(tmp_path, "", root=tmp_path), path) for path in "ab"]


class TestRefused:
    def test_sockets_and_pipes_are_told_together(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is not a file cannot go into an image."""
        os.mkfifo(tmp_path / "pipe")
        monkeypatch.chdir(tmp_path)  # a socket's path is at most 108 bytes
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")

            with pytest.raises(BundleFailed) as failed:
                read_tree(tmp_path, "", root=tmp_path)
        assert ["it is a named pipe, not a file", "it is a socket, not a file"] == [
            problem.what for problem in failed.value.problems
        ]

    def test_names_that_mean_something_else_in_a_layer_are_refused(self, tmp_path: Path) -> None:
        """A whiteout would delete a file of the base; a name that is not UTF-8 has no one spelling."""
        (tmp_path / ".wh.python").write_text("")
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).write_text("")

        with pytest.raises(BundleFailed, match="there are 2 problems"):
            read_tree(tmp_path, "", root=tmp_path)

    def test_a_path_that_no_linux_opens_is_refused(self, tmp_path: Path) -> None:
        """It is longer in the image than on this machine."""
        write(tmp_path, model="x")

        with pytest.raises(BundleFailed, match="its path in the image has more than 4,095 bytes"):
            read_tree(tmp_path / "model", "d/" * 2050 + "d", root=tmp_path)

    def test_a_folder_that_is_missing_or_outside_is_refused(self, tmp_path: Path) -> None:
        """The path itself is held to the root too."""
        (tmp_path / "root").mkdir()

        with pytest.raises(BundleFailed, match="it does not exist"):
            read_tree(tmp_path / "root/gone", "", root=tmp_path / "root")
        with pytest.raises(BundleFailed, match="outside of"):
            read_tree(tmp_path, "", root=tmp_path / "root")
