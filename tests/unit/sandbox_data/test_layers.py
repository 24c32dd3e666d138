"""Layers unpacked for the process engine."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.apps.layers import LayerRefused, unpack

from .images import tar_of

if TYPE_CHECKING:
    from pathlib import Path


def link(name: str, target: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = tarfile.SYMTYPE, target
        tar.addfile(member)
    return stream.getvalue()


def apply(folder: Path, *layers: bytes) -> Path:
    root = folder / "root"
    root.mkdir()
    for index, content in enumerate(layers):
        path = folder / f"layer{index}"
        path.write_bytes(content)
        unpack(path, root)
    return root


class TestUnpack:
    def test_whiteouts_remove_what_lower_layers_had(self, tmp_path: Path) -> None:
        """A whiteout removes its file; an opaque folder keeps only what its own layer adds."""
        lower = tar_of({"a/one": "1", "a/two": "2", "b/old": "3"})
        upper = tar_of({"a/.wh.one": "", "b/new": "4", "b/.wh..wh..opq": ""})
        root = apply(tmp_path, lower, upper)

        assert {"a/two", "b/new"} == {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    @pytest.mark.parametrize("path", ["../outside", "a/../../outside"])
    def test_paths_that_climb_out_are_refused(self, tmp_path: Path, path: str) -> None:
        """`..` in a layer's path is refused and nothing is written outside."""
        with pytest.raises(LayerRefused, match="leaves the image"):
            apply(tmp_path, tar_of({path: "x"}))

        assert not (tmp_path / "outside").exists()

    def test_files_are_not_written_through_a_link_that_leads_out(self, tmp_path: Path) -> None:
        """A link to a folder outside cannot be used to write there."""
        (tmp_path / "target").mkdir()
        with pytest.raises(LayerRefused, match="through a link"):
            apply(tmp_path, link("door", "../target"), tar_of({"door/file": "x"}))

        assert not list((tmp_path / "target").iterdir())

    def test_absolute_links_stay_in_the_image(self, tmp_path: Path) -> None:
        """A link to /etc/hosts means the image's own."""
        root = apply(tmp_path, tar_of({"etc/hosts": "mine"}), link("hosts", "/etc/hosts"))

        assert (root / "hosts").read_text() == "mine"
