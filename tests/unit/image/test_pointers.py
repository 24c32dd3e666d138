"""Files that only stand for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.image.pointers import kept_by_dvc, pointers_of

if TYPE_CHECKING:
    from pathlib import Path

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n"


def _written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


class TestPointersOf:
    def test_git_lfs(self, tmp_path: Path) -> None:
        """It lies in the place of the file itself."""
        file = _written(tmp_path / "m.bin", LFS)

        assert [file] == [pointer.stands_for for pointer in pointers_of(file, len(LFS))]

    @pytest.mark.parametrize("text", ["", "version 2", "about " + LFS])
    def test_any_other_file(self, tmp_path: Path, text: str) -> None:
        """Small or empty, or with the words of a pointer further on."""
        assert () == pointers_of(_written(tmp_path / "m.bin", text), len(text))

    @pytest.mark.parametrize(
        ("text", "missing"),
        [
            ("outs:\n- md5: 1\n  path: m.bin\n", ["m.bin"]),
            ("outs: [{path: m.bin}, {path: here.bin}]", ["m.bin"]),
            ("wdir: ..\nouts: [{path: far.bin}]", ["../far.bin"]),
            ("outs: [{path: m.bin, cache: false}]", []),
            ("outs: [{path: s3://away/m.bin}]", []),
            ("outs: 3", []),
            ("[" * 9000, []),
            ("when: 2020-99-99", []),
        ],
        ids=["one", "one-of-two", "elsewhere", "in-git", "external", "no-list", "torn", "no-date"],
    )
    def test_dvc(self, tmp_path: Path, text: str, missing: list[str]) -> None:
        """What `outs` names and is not there; anything else that ends so stands for itself."""
        _written(tmp_path / "model/here.bin", "here")
        file = _written(tmp_path / "model/m.dvc", text)

        found = [pointer.stands_for for pointer in pointers_of(file, len(text))]

        assert [(file.parent / path).resolve() for path in missing] == found


class TestKeptByDVC:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("model/m.bin.dvc", "outs: [{path: m.bin}]"),
            ("model.dvc", "outs: [{path: model, nfiles: 3}]"),
            ("dvc.lock", "schema: '2.0'\nstages: {train: {cmd: x, outs: [{path: model/m.bin, md5: 1}]}}"),
            ("dvc.lock", "stages: {train@a: {outs: [{path: m.bin}]}}"),
        ],
        ids=["own", "folder", "pipeline", "pipeline-elsewhere"],
    )
    def test_says_what_stands_for_a_path(self, tmp_path: Path, name: str, text: str) -> None:
        """A file of its own, one for the folder above, or the lock of a pipeline, whose stages may work elsewhere."""
        file = _written(tmp_path / name, text)
        _written(
            tmp_path / "dvc.yaml", "stages: {train: {cmd: x}}" if "train:" in text else "stages: {train: {wdir: model}}"
        )

        found = kept_by_dvc(tmp_path / "model/m.bin", tmp_path)

        assert file == (found.file if found else None)

    def test_says_nothing_of_other_paths(self, tmp_path: Path) -> None:
        """A name that is mistaken is no matter of DVC's."""
        _written(tmp_path / "m.bin.dvc", "outs: [{path: m.bin}]")

        assert kept_by_dvc(tmp_path / "n.bin", tmp_path) is None
