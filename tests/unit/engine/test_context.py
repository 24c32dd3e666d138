"""The folder that `builder: dockerfile` writes."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.core.secrets import Secret
from functions_model.engine import Recipe, write_context
from functions_model.engine.own_dockerfile import read_own_dockerfile
from functions_model.environment.request import IndexSettings
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import LayerPlan

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "a==1 \\\n    --hash=sha256:aa\nb==2 \\\n    --hash=sha256:bb\n"


def plan(*files: TreeFile, name: str = "model 1 of 2") -> LayerPlan:
    return LayerPlan(name, FileTree.of(files))


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


class TestFiles:
    def test_they_lie_as_in_the_image(self, tmp_path: Path) -> None:
        """One folder for each layer, with the modes of a layer, whatever this process's umask is."""
        script = tmp_path / "run.sh"
        script.write_text("#!/bin/sh\n")
        script.chmod(0o700)
        before = os.umask(0o077)
        try:
            files = (TreeFile("a/b/c", b"1"), TreeFile("a/run", script, executable=True), TreeFile("a/l", Link("b/c")))
            write_context(Recipe(base="x"), [plan(*files)], LOCK, tmp_path / "out")
        finally:
            os.umask(before)

        layer = tmp_path / "out/functions-model/layers/model-1-of-2"
        modes = {name: oct(stat.S_IMODE((layer / name).stat().st_mode)) for name in ("", "a", "a/b", "a/b/c", "a/run")}
        assert {"": "0o755", "a": "0o755", "a/b": "0o755", "a/b/c": "0o644", "a/run": "0o755"} == modes
        assert "b/c" == str((layer / "a/l").readlink())
        assert LOCK == (tmp_path / "out/functions-model/requirements.lock").read_text()
        assert "docker build" in (tmp_path / "out/README.md").read_text()

    def test_a_large_file_is_not_copied(self, tmp_path: Path) -> None:
        """A file with the right mode is linked; one with another mode is copied, and keeps its mode."""
        for name, mode in (("linked", 0o644), ("copied", 0o600)):
            (tmp_path / name).write_text(name)
            (tmp_path / name).chmod(mode)
        files = (TreeFile("linked", tmp_path / "linked"), TreeFile("copied", tmp_path / "copied"))

        write_context(Recipe(base="x"), [plan(*files)], LOCK, tmp_path / "out")

        layer = tmp_path / "out/functions-model/layers/model-1-of-2"
        assert (tmp_path / "linked").samefile(layer / "linked")
        assert not (tmp_path / "copied").samefile(layer / "copied")
        assert 0o600 == stat.S_IMODE((tmp_path / "copied").stat().st_mode)

    def test_what_is_compiled_is_there_with_its_installer(self, tmp_path: Path) -> None:
        """The lock of the installer holds the compiled packages alone."""
        write_context(Recipe(base="x", compiled=("b",)), [], LOCK, tmp_path / "out")

        installer = tmp_path / "out/functions-model/installer"
        assert "b==2 \\\n    --hash=sha256:bb\n" == (installer / "compiled.lock").read_text()
        assert ["compiled.lock", "uv"] == listing(installer)
        assert "UV_INDEX" in (tmp_path / "out/README.md").read_text()

    def test_packages_of_a_folder_are_brought_along(self, tmp_path: Path) -> None:
        """A folder of `--find-links` lies beside the installer, which is told of it; an address is told to nobody."""
        links = tmp_path / "links"
        links.mkdir()
        (links / "b-2.tar.gz").write_bytes(b"source")
        indexes = IndexSettings(
            find_links=(Secret("https://user:pass-word@host.test/links"), links),
            no_index=True,
            trusted_hosts=("host.test",),
        )

        write_context(Recipe(base="x", compiled=("b",)), [], LOCK, tmp_path / "out", indexes=indexes)

        text = (tmp_path / "out/Dockerfile").read_text()
        assert b"source" == (tmp_path / "out/functions-model/installer/links/0/b-2.tar.gz").read_bytes()
        assert "--no-index --allow-insecure-host host.test --find-links /functions-model-installer/links/0 &&" in text
        assert "pass-word" not in text

    def test_an_own_dockerfile_brings_its_context(self, tmp_path: Path) -> None:
        """Its files lie where its instructions look for them, and the generated Dockerfile begins with its text."""
        own = tmp_path / "own"
        (own / "src").mkdir(parents=True)
        (own / "Dockerfile").write_text("FROM a\nCOPY src /src\n")
        (own / "src/tool").write_text("t")
        (own / "README.md").write_text("mine")
        (own / "skipped").write_text("s")
        (own / ".dockerignore").write_text("skipped\n")

        write_context(Recipe(base="x"), [], LOCK, own / "out", dockerfile=own / "Dockerfile")

        assert (own / "out/Dockerfile").read_text().startswith("FROM a AS own\nCOPY src /src\n\nFROM own AS dep")
        assert "FROM a\nCOPY src /src\n" == (own / "Dockerfile").read_text()
        assert [
            ".dockerignore",
            "Dockerfile",
            "README.md",
            "functions-model/README.md",
            "functions-model/made-by-functions-model",
            "functions-model/requirements.lock",
            "src/tool",
        ] == listing(own / "out")
        assert "mine" == (own / "out/README.md").read_text()


class TestCredentialFiles:
    """Files of credentials beside a Dockerfile of the user's own."""

    def test_are_no_part_of_its_context(self, tmp_path: Path) -> None:
        """`COPY . .` would put them into the image; and a folder that is written may be kept as an artifact."""
        own = tmp_path / "own"
        for name in (".npmrc", ".aws/credentials", "deep/.netrc", "kept.txt"):
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            (own / name).write_text("x")
        (own / "Dockerfile").write_text("FROM base.test/x:1\nCOPY . .\n")

        written = read_own_dockerfile(own / "Dockerfile")
        kept = read_own_dockerfile(own / "Dockerfile", keep_credentials=True)
        write_context(Recipe(base="x"), [], LOCK, tmp_path / "out", dockerfile=own / "Dockerfile")
        write_context(
            Recipe(base="x", keep_credentials=True), [], LOCK, tmp_path / "all", dockerfile=own / "Dockerfile"
        )

        assert {"Dockerfile", "deep", "kept.txt"} == set(written.files)
        assert {".npmrc", ".aws", "deep/.netrc"} == {left.place.as_posix() for left in written.left_out}
        assert {".npmrc", ".aws", ".aws/credentials", "deep/.netrc"} <= set(kept.files)
        assert not [name for name in listing(tmp_path / "out") if name.endswith(("rc", "credentials"))]
        assert {".npmrc", ".aws/credentials", "deep/.netrc"} <= set(listing(tmp_path / "all"))


class TestFolder:
    def test_it_is_written_anew(self, tmp_path: Path) -> None:
        """What an earlier run left is gone; hard links to it did not lose their content."""
        model = tmp_path / "model"
        model.write_text("weights")
        model.chmod(0o644)
        write_context(Recipe(base="x"), [plan(TreeFile("model", model))], LOCK, tmp_path / "out")

        write_context(Recipe(base="x"), [plan(TreeFile("other", b""), name="code")], LOCK, tmp_path / "out")

        assert "functions-model/layers/code/other" in listing(tmp_path / "out")
        assert not (tmp_path / "out/functions-model/layers/model-1-of-2").exists()
        assert "weights" == model.read_text()

    @pytest.mark.parametrize("kind", ["folder", "file"])
    def test_what_is_not_ours_is_not_touched(self, tmp_path: Path, kind: str) -> None:
        """A folder with other files, or a file, is refused."""
        out = tmp_path / "out"
        other = out / "mine" if kind == "folder" else out
        other.parent.mkdir(exist_ok=True)
        other.write_text("mine")

        with pytest.raises(InputsInvalid, match=r"build-context: `.*out` exists and was not written by this tool"):
            write_context(Recipe(base="x"), [], LOCK, out)

        assert "mine" == other.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to somebody else")
def test_belongs_to_who_owns_the_place(tmp_path: Path) -> None:
    """A container action runs as root, and the runner removes its workspace as another user."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    os.chown(workspace, 1001, 1001)

    write_context(Recipe(base="x"), [plan(TreeFile("app/a.txt", b"a"))], LOCK, workspace / "out" / "context")

    assert {1001} == {path.lstat().st_uid for path in workspace.rglob("*")}
