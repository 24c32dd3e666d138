"""The tar writer: what readers see, and that its bytes depend on the tree alone."""

from __future__ import annotations

import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.failures import BundleFailed
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.tar import BLOCK, entry_header, tar_size, write_tar
from functions_model.image.tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=130).filter(
    lambda name: name not in {".", ".."}
)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@st.composite
def trees(draw: st.DrawFn) -> FileTree:
    """Trees of small files without clashes."""
    kept: dict[str, TreeFile] = {}
    for path in draw(st.lists(paths, max_size=6, unique=True)):
        if not any(path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in kept):
            kept[path] = TreeFile(path, draw(st.binary(max_size=1500)), executable=draw(st.booleans()))
    return FileTree.of(kept.values())


def tar_of(tree: FileTree) -> bytes:
    return b"".join(write_tar(tree))


def read(content: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return archive.getmembers()


class TestReaders:
    @given(trees())
    def test_python_reads_back_what_was_written(self, tree: FileTree) -> None:
        """Python's tarfile finds every file with its path, content and mode."""
        with tarfile.open(fileobj=io.BytesIO(tar_of(tree))) as archive:
            seen = {
                member.name: (archive.extractfile(member).read(), member.mode)  # type: ignore[union-attr]
                for member in archive
                if member.isfile()
            }

        assert {file.path: (file.content, 0o755 if file.executable else 0o644) for file in tree.files} == seen

    @given(trees())
    def test_the_size_is_known_before(self, tree: FileTree) -> None:
        """Headers, PAX headers and padding are counted without reading anything."""
        assert len(tar_of(tree)) == tar_size(tree)

    @pytest.mark.parametrize("target", ["t", "t" * 100, "t" * 101, "ü"])
    def test_the_size_of_links_is_known_before(self, target: str) -> None:
        """With a PAX header for a target that needs one."""
        tree = FileTree.of([TreeFile(name, Link(target)) for name in ("a", "ö", f"{'d' * 90}/{'n' * 90}", "x" * 101)])

        assert len(tar_of(tree)) == tar_size(tree)

    def test_gnu_tar_reads_back_what_was_written(self, tmp_path: Path) -> None:
        """GNU tar unpacks long, non-ASCII and linked paths without a word."""
        deep = "/".join(["d" * 90, "e" * 90, "f" * 60])
        tree = FileTree.of(
            [
                TreeFile(f"{deep}/model.pkl", b"a" * 1000),
                TreeFile(f"x/{'n' * 200}", b"b"),
                TreeFile("x/größe/模型.bin", b"c" * 512),
                TreeFile("x/latest", Link("größe/模型.bin")),
                TreeFile("x/run", b"#!/bin/sh\n", executable=True),
            ]
        )
        told = subprocess.run(
            ["tar", "-x", "-C", tmp_path],
            input=tar_of(tree),
            capture_output=True,
            check=True,
            env={"LC_ALL": "C.UTF-8"},
        )

        assert b"" == told.stderr
        assert b"a" * 1000 == (tmp_path / deep / "model.pkl").read_bytes()
        assert b"b" == (tmp_path / "x" / ("n" * 200)).read_bytes()
        assert b"c" * 512 == (tmp_path / "x/latest").read_bytes()
        assert 0o755 == (tmp_path / "x/run").stat().st_mode & 0o777

    def test_a_path_of_up_to_255_bytes_needs_no_extension(self) -> None:
        """The prefix field of ustar is used before PAX is."""
        path = f"{'p' * 155}/{'n' * 100}"
        content = tar_of(FileTree.of([TreeFile(path, b"")]))

        assert b"PaxHeaders" not in content[1024:]
        assert path == read(content)[-1].name


class TestEntries:
    def test_folders_come_first_and_everything_belongs_to_root(self) -> None:
        """Each folder is named before what it holds, with owner 0, no owner's name, time 0 and mode 0755."""
        members = read(tar_of(FileTree.of([TreeFile("home/site/a", b""), TreeFile("home/b", b"")])))

        assert ["home", "home/b", "home/site", "home/site/a"] == [member.name for member in members]
        assert {(0, 0, "", "", 0)} == {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members}
        assert [0o755, 0o644, 0o755, 0o644] == [member.mode for member in members]

    def test_an_empty_tree_is_an_empty_tar(self) -> None:
        """Two zero blocks and nothing else."""
        assert bytes(1024) == tar_of(FileTree())

    def test_the_time_can_be_given(self) -> None:
        """Every entry carries the epoch that was asked for."""
        content = b"".join(write_tar(FileTree.of([TreeFile("a/b", b"")]), epoch=1_700_000_000))

        assert [1_700_000_000] * 2 == [member.mtime for member in read(content)]

    @pytest.mark.parametrize("size", [8**11 - 1, 8**11, 10 << 30, 200 << 30])
    def test_sizes_from_8_gib_on_are_told_exactly(self, size: int) -> None:
        """Where eleven octal digits end, a PAX record tells the size."""
        header = entry_header("model.bin", b"0", size, mode=0o644)
        found = tarfile.TarInfo.frombuf(header[-512:], "utf-8", "strict").size
        with tarfile.open(fileobj=io.BytesIO(header), ignore_zeros=True) as archive:
            member = archive.next()

        assert size == member.size  # type: ignore[union-attr]
        assert (size if size < 8**11 else 0) == found

    def test_a_link_with_a_long_target_is_kept_whole(self) -> None:
        """A target that ustar cannot hold is told by PAX."""
        target = f"{'t' * 150}/ü"
        members = read(tar_of(FileTree.of([TreeFile("link", Link(target))])))

        assert [(target, True)] == [(member.linkname, member.issym()) for member in members]

    def test_a_file_that_grows_meanwhile_is_refused(self, tmp_path: Path) -> None:
        """A header's size never disagrees with what follows it."""
        path = tmp_path / "model.bin"
        path.write_bytes(b"1234")
        tree = read_tree(path, "", root=tmp_path)
        for content in (b"12345", b"123"):
            path.write_bytes(content)

            with pytest.raises(BundleFailed, match="its length changed while it was read"):
                b"".join(write_tar(tree))

    def test_a_large_file_that_grows_in_the_middle_is_refused(self, tmp_path: Path) -> None:
        """Even when it grows after its first block went out, and by one byte."""
        path = tmp_path / "model.bin"
        path.write_bytes(bytes(2 * BLOCK))
        pieces = write_tar(read_tree(path, "", root=tmp_path))
        taken = next(pieces) + next(pieces)
        path.write_bytes(bytes(2 * BLOCK + 1))

        assert 512 + BLOCK == len(taken)
        with pytest.raises(BundleFailed, match="its length changed while it was read"):
            b"".join(pieces)

    def test_a_file_that_vanished_is_told(self, tmp_path: Path) -> None:
        """It was there when its folder was read."""
        path = tmp_path / "model.bin"
        path.write_bytes(b"1234")
        tree = read_tree(path, "", root=tmp_path)
        path.unlink()

        with pytest.raises(BundleFailed, match=r"it cannot be read \(No such file or directory\)"):
            b"".join(write_tar(tree))
