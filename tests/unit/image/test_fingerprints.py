"""Fingerprints: what changes a layer changes them, as far as a look at parts of the files can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import BundleFailed
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import LayerPlan
from functions_model.image.splitting import fingerprint
from functions_model.image.tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

KIB = 1 << 10
SIZE = 1000 * KIB


def plan(*files: TreeFile) -> LayerPlan:
    return LayerPlan("model", FileTree.of(files))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(bytes(SIZE))
    return path


def with_byte(path: Path, at: int) -> str:
    with path.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"\1")
    return fingerprint(LayerPlan("model", read_tree(path, "m", root=path.parent)))


class TestChanges:
    def test_the_form_is_fixed(self) -> None:
        """A known plan has a known fingerprint: another one would send every model of every user again."""
        found = fingerprint(plan(TreeFile("a/b", b"content"), TreeFile("a/c", Link("b"))))

        assert "19a7ac60544476df7aba15e1415263a7" == found

    def test_every_property_of_a_layer_counts(self) -> None:
        """Names, contents at hand, modes, targets of links, compression and time; the name of the plan does not."""
        one = plan(TreeFile("a", b"content"), TreeFile("b", Link("a")))
        others = [
            plan(TreeFile("a", b"content"), TreeFile("c", Link("a"))),
            plan(TreeFile("a", b"content"), TreeFile("b", Link("c"))),
            plan(TreeFile("a", b"content"), TreeFile("b", b"a")),
            plan(TreeFile("a", b"CONTENT"), TreeFile("b", Link("a"))),
            plan(TreeFile("a", b"content", executable=True), TreeFile("b", Link("a"))),
            plan(TreeFile("a", b"content")),
            replace(one, compression=Compression.RAW),
            replace(one, epoch=1),
        ]

        assert len(others) + 1 == len({fingerprint(each) for each in (one, *others)})
        assert fingerprint(one) == fingerprint(replace(one, name="other"))

    @pytest.mark.parametrize("at", [0, 64 * KIB - 1, SIZE // 2, SIZE - 64 * KIB, SIZE - 1])
    def test_the_ends_and_the_middle_of_a_large_file_are_looked_at(self, weights: Path, at: int) -> None:
        """A trained model changes everywhere, so also there."""
        before = fingerprint(LayerPlan("model", read_tree(weights, "m", root=weights.parent)))

        assert before != with_byte(weights, at)

    def test_between_them_nothing_is_read(self, weights: Path) -> None:
        """Which is why the same fingerprint only means: probably."""
        before = fingerprint(LayerPlan("model", read_tree(weights, "m", root=weights.parent)))

        assert before == with_byte(weights, 200 * KIB)

    @pytest.mark.parametrize("at", [0, 150 * KIB, 192 * KIB - 1])
    def test_a_small_file_is_read_whole(self, tmp_path: Path, at: int) -> None:
        """Nothing is left between its three samples."""
        path = tmp_path / "small"
        path.write_bytes(bytes(192 * KIB))
        before = fingerprint(LayerPlan("model", read_tree(path, "m", root=tmp_path)))

        assert before != with_byte(path, at)

    def test_where_and_when_the_files_are_does_not_count(self, tmp_path: Path) -> None:
        """Two checkouts have one fingerprint."""
        found = set()
        for name in ("one", "two"):
            (tmp_path / name / "m").mkdir(parents=True)
            (tmp_path / name / "m/weights").write_bytes(b"w" * 1000)
            found.add(fingerprint(LayerPlan("model", read_tree(tmp_path / name, "m", root=tmp_path))))

        assert 1 == len(found)

    def test_a_file_that_vanished_is_told(self, weights: Path) -> None:
        """It was there when its folder was read."""
        made = LayerPlan("model", read_tree(weights, "m", root=weights.parent))
        weights.unlink()

        with pytest.raises(BundleFailed, match="it cannot be read"):
            fingerprint(made)
