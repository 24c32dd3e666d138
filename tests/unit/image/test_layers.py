"""Layers: the same tree is the same bytes, and those bytes are what their digests say."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import os
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions_model.core.failures import BundleFailed
from functions_model.image.compression import Choice, Compression, choose, pack
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import Layer, LayerPlan, build_layer
from functions_model.image.manifests import OCI_LAYER_GZIP, OCI_LAYER_TAR
from functions_model.image.tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

NOISE = random.Random(7).randbytes(400_000)  # noqa: S311
TEXT = b"all work and no play makes a dull model\n" * 10_000
FORMS = [Compression.GZIP, Compression.STORED, Compression.RAW]
KNOWN = {
    Compression.GZIP: "sha256:44ec9e1265db3664fa9362647e6be8e72638390ae334c01bc3e19018b5842a00",
    Compression.STORED: "sha256:dc3aff780087de80c609f66fea6a0aa7719c0200412d0b41143ad27011b80cc9",
    Compression.RAW: "sha256:41718c417fd12aeed098bd25b4f4920ff388e2226b1f41d64127be2a59234ff3",
}


def sent(layer: Layer) -> bytes:
    with layer.open() as stream:
        return b"".join(iter(lambda: stream.read(70_000), b""))


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def plain(layer: Layer) -> bytes:
    return sent(layer) if layer.media_type == OCI_LAYER_TAR else gzip.decompress(sent(layer))


class TestDigests:
    @pytest.mark.parametrize("form", FORMS)
    def test_digests_and_size_are_those_of_the_bytes(self, form: Compression, tmp_path: Path) -> None:
        """What is read from the layer has its digest and size; unpacked it has the diff id."""
        tree = FileTree.of([TreeFile("a/noise", NOISE), TreeFile("a/text", TEXT)])
        layer = build_layer(LayerPlan("model", tree, form), tmp_path)

        assert (layer.digest, layer.size) == (sha256(sent(layer)), len(sent(layer)))
        assert layer.diff_id == sha256(plain(layer))
        assert len(NOISE) + len(TEXT) == layer.tree_size
        assert (OCI_LAYER_TAR if form is Compression.RAW else OCI_LAYER_GZIP) == layer.media_type

    @pytest.mark.parametrize("form", FORMS)
    def test_a_layer_can_be_read_again(self, form: Compression, tmp_path: Path) -> None:
        """A transfer that failed starts from the first byte."""
        layer = build_layer(LayerPlan("model", FileTree.of([TreeFile("a", NOISE)]), form), tmp_path)

        assert sent(layer) == sent(layer)

    def test_only_a_compressed_layer_is_written_down(self, tmp_path: Path) -> None:
        """Stored layers are read from the files again."""
        tree = FileTree.of([TreeFile("a", NOISE)])
        for form in (Compression.STORED, Compression.RAW):
            build_layer(LayerPlan("model", tree, form), tmp_path / "spool")
        before = (tmp_path / "spool").exists()
        build_layer(LayerPlan("model", tree, Compression.GZIP), tmp_path / "spool")

        assert not before
        assert 1 == len(list((tmp_path / "spool").iterdir()))

    def test_an_empty_layer_is_a_layer(self, tmp_path: Path) -> None:
        """No file at all still makes a tar."""
        assert bytes(1024) == plain(build_layer(LayerPlan("empty", FileTree()), tmp_path))


class TestDeterminism:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        files=st.dictionaries(st.text("abcäé-_.模", min_size=1, max_size=12), st.binary(max_size=3000), max_size=6),
        umask=st.sampled_from([0o000, 0o022, 0o027, 0o077]),
        seed=st.integers(0, 99),
        compression=st.sampled_from(FORMS),
    )
    def test_folder_order_umask_and_times_do_not_show(
        self,
        files: dict[str, bytes],
        umask: int,
        seed: int,
        compression: Compression,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        """Two checkouts of the same files give the same digest."""
        files = {name: content for name, content in files.items() if name not in {".", ".."}}
        layers = []
        for mask, order in ((0o022, random.Random(0)), (umask, random.Random(seed))):  # noqa: S311
            folder = tmp_path_factory.mktemp("checkout")
            names = sorted(files)
            order.shuffle(names)
            before = os.umask(mask)
            try:
                for name in names:
                    (folder / name).write_bytes(files[name])
                    os.utime(folder / name, (order.randrange(10**9),) * 2)
            finally:
                os.umask(before)
            tree = read_tree(folder, "app", root=folder)
            layers.append(build_layer(LayerPlan("code", tree, compression), folder.with_suffix(".spool")))

        assert layers[0].digest == layers[1].digest
        assert layers[0].diff_id == layers[1].diff_id

    @given(st.lists(st.integers(0, 3 << 20), max_size=3), st.sampled_from([Compression.GZIP, Compression.STORED]))
    @settings(max_examples=10)
    def test_how_the_bytes_come_does_not_show(self, cuts: list[int], compression: Compression) -> None:
        """Short reads of a disk cannot change a digest."""
        whole = (NOISE + TEXT) * 4
        edges = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
        pieces = [whole[start:end] for start, end in itertools.pairwise(edges)]

        assert b"".join(pack([whole], compression)) == b"".join(pack(pieces, compression))

    def test_the_bytes_are_these(self, tmp_path: Path) -> None:
        """A known tree has known digests: a change here sends every layer of every user again."""
        tree = FileTree.of([TreeFile("home/site/wwwroot/score.py", b"def run(data): ...\n" * 50, executable=True)])
        found = {form: build_layer(LayerPlan("x", tree, form), tmp_path).digest for form in FORMS}

        assert KNOWN == found


class TestChoice:
    def test_weights_are_stored_and_text_is_compressed(self) -> None:
        """A sample of the largest files decides."""
        assert (
            Compression.STORED
            is choose(FileTree.of([TreeFile("w", NOISE), TreeFile("readme", TEXT[:1000])])).compression
        )
        assert (
            Compression.GZIP is choose(FileTree.of([TreeFile("w", NOISE[:1000]), TreeFile("readme", TEXT)])).compression
        )
        assert Choice(Compression.GZIP) == choose(FileTree())

    def test_a_stored_layer_grows_by_less_than_a_thousandth(self, tmp_path: Path) -> None:
        """Framing costs next to nothing."""
        layer = build_layer(LayerPlan("model", FileTree.of([TreeFile("w", NOISE)])), tmp_path)

        assert Compression.STORED is layer.compression
        assert layer.size < 1.01 * len(NOISE)

    def test_an_undecided_form_cannot_be_packed(self) -> None:
        """`AUTO` is a question, not a form."""
        with pytest.raises(ValueError, match="decide"):
            pack([], Compression.AUTO)


class TestChanges:
    def test_a_file_that_shrinks_meanwhile_is_refused(self, tmp_path: Path) -> None:
        """A stored layer is read twice; the second reading notices."""
        path = tmp_path / "weights"
        path.write_bytes(NOISE * 8)
        layer = build_layer(LayerPlan("m", FileTree.of([TreeFile("w", path)]), Compression.STORED), tmp_path)
        stream = layer.open()
        stream.read(10)  # gzip's header
        stream.read(10)  # the first block
        path.write_bytes(NOISE)

        with pytest.raises(BundleFailed, match="its length changed"):
            stream.read()
