"""One pass: what goes out is hashed on the way, as often as somebody has to begin again."""

from __future__ import annotations

import hashlib
import random
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions_model.core.failures import BundleFailed
from functions_model.core.work import Progress
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import Layer, LayerPlan, LayerStream, build_layer
from functions_model.image.tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

NOISE = random.Random(7).randbytes(700_000)  # noqa: S311
MIB = 1 << 20
FORMS = [Compression.GZIP, Compression.STORED, Compression.RAW]
TREE = FileTree.of(
    [
        TreeFile("a/noise", NOISE * 3),
        TreeFile(f"a/{'long' * 40}", b"text" * 90_000),
        TreeFile("a/größe", b""),
        TreeFile("a/link", Link("noise")),
        *(TreeFile(f"small/{number}", NOISE[: number * 10]) for number in range(200)),
    ]
)


def sent(stream: LayerStream) -> bytes:
    return b"".join(stream.blocks())


def described(layer: Layer) -> tuple[object, ...]:
    """Everything about a layer but how it is opened."""
    return layer.name, layer.descriptor, layer.diff_id, layer.tree_size, layer.compression, layer.ratio


class TestBlocks:
    @pytest.mark.parametrize("form", FORMS)
    def test_what_is_sent_is_what_the_layer_says(self, form: Compression, tmp_path: Path) -> None:
        """One pass gives the same layer as packing without sending, and its `open` the same bytes."""
        plan = LayerPlan("model", TREE, form)
        stream = LayerStream(plan)
        content = sent(stream)
        layer = stream.layer()

        assert (f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)) == (layer.digest, layer.size)
        assert described(build_layer(plan, tmp_path)) == described(layer)
        with layer.open() as opened:
            assert content == opened.read()

    @pytest.mark.parametrize("form", FORMS)
    def test_a_transfer_that_broke_begins_anew(self, form: Compression) -> None:
        """A pass that was left in the middle leaves no trace in the next one, nor a thread behind."""
        stream = LayerStream(LayerPlan("model", TREE, form))
        threads = set(threading.enumerate())
        broken = stream.blocks()
        first = next(broken)
        broken.close()

        new = [one.name for one in set(threading.enumerate()) - threads]
        # A sandbox in this process may have begun some of its own meanwhile.
        assert [] == [name for name in new if name.startswith(("read", "digest"))]
        with pytest.raises(RuntimeError, match="has not been packed to its end"):
            stream.layer()
        content = sent(stream)
        assert content.startswith(first)
        assert content == sent(stream)
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == stream.layer().digest

    def test_undecided_is_decided_by_a_sample(self) -> None:
        """And the layer tells what the sample said."""
        weights, text = (
            LayerStream(LayerPlan("m", FileTree.of([TreeFile("m", content)]))) for content in (NOISE, b"text" * 90_000)
        )
        sent(text)

        assert (Compression.STORED, Compression.GZIP) == (weights.compression, text.compression)
        assert weights.ratio is not None
        assert weights.ratio > 0.95
        assert text.ratio is not None
        assert text.ratio < 0.1
        assert text.ratio == text.layer().ratio

    @settings(max_examples=30)
    @given(
        st.lists(st.integers(0, 200_000), max_size=5),
        st.sampled_from([Compression.STORED, Compression.RAW]),
        st.booleans(),
    )
    def test_the_size_is_known_beforehand(self, sizes: list[int], form: Compression, long: bool) -> None:
        """To the byte: so it can be told to a registry before the first one is read."""
        name = "n" * (120 if long else 10)
        files = [TreeFile(f"{name}/{number}-ö", NOISE[:size]) for number, size in enumerate(sizes)]
        stream = LayerStream(LayerPlan("model", FileTree.of(files), form))

        assert len(sent(stream)) == stream.size == stream.layer().size

    def test_the_size_of_what_is_compressed_is_not_known(self) -> None:
        """Only packing can tell."""
        assert LayerStream(LayerPlan("model", TREE, Compression.GZIP)).size is None


class TestProgress:
    @pytest.mark.parametrize("form", FORMS)
    def test_progress_grows_to_the_size_of_the_files(self, form: Compression, tmp_path: Path) -> None:
        """In bytes of the files; the last word is that it has ended."""
        told: list[Progress] = []
        build_layer(LayerPlan("model", TREE, form), tmp_path, report=told.append)
        done = [progress.done for progress in told]

        assert {("pack model", TREE.size)} == {(progress.task, progress.total) for progress in told}
        assert sorted(done) == done
        assert Progress("pack model", TREE.size, TREE.size, finished=True) == told[-1]
        assert [True] == [progress.finished for progress in told if progress.finished]

    def test_a_failure_ends_the_progress_too(self, tmp_path: Path) -> None:
        """A live line does not stay behind."""
        (tmp_path / "weights").write_bytes(NOISE)
        tree = read_tree(tmp_path / "weights", "m", root=tmp_path)
        (tmp_path / "weights").write_bytes(NOISE[1:])
        told: list[Progress] = []

        with pytest.raises(BundleFailed, match="its length changed"):
            sent(LayerStream(LayerPlan("model", tree, Compression.RAW), report=told.append))
        assert told[-1].finished


class TestMemory:
    @pytest.mark.parametrize("form", FORMS)
    def test_a_large_model_is_never_held_whole(self, form: Compression, tmp_path: Path) -> None:
        """A few blocks at a time, however large the file is and however slow the receiver."""
        with (tmp_path / "weights").open("wb") as stream:
            stream.truncate(96 * MIB)
        made = LayerStream(LayerPlan("model", read_tree(tmp_path / "weights", "m", root=tmp_path), form))
        tracemalloc.start()
        try:
            total = sum(map(len, made.blocks()))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert peak < 16 * MIB
        assert total == made.layer().size
