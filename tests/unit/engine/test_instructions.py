"""What is read from a Dockerfile of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.core.references import digest_of, parse_reference
from functions_model.core.report_names import MARKER, NAMES
from functions_model.engine import Recipe, engine_layers_key, read_dockerfile
from functions_model.engine.own_dockerfile import parse_dockerfile, read_own_dockerfile
from functions_model.image import manifests
from functions_model.image.assembly import Base
from functions_model.image.configs import ImageConfig
from functions_model.image.manifests import Descriptor, Manifest
from support.function_app import write_files

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "# Python 3.11\na==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\nb-c==2 \\\n    --hash=sha256:bb\n"


def base(digest: bytes = b"base") -> Base:
    manifest = Manifest(manifests.OCI_MANIFEST, Descriptor(manifests.OCI_CONFIG, digest_of(b""), 0), ())
    return Base(parse_reference("registry.test/python:4"), digest_of(digest), manifest, ImageConfig({}))


class TestBase:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("FROM a.b/c:1", "a.b/c:1"),
            ("from --platform=linux/amd64 a.b/c:1 as x", "a.b/c:1"),
            ("FROM a.b/c:1 AS One\nFROM other\nFROM one", "a.b/c:1"),
            ("FROM x AS a\nFROM a AS a\n", "x"),
            ("ARG TAG=4\nARG NAME=a.b/c:$TAG\nFROM ${NAME}", "a.b/c:4"),
            ("FROM a.b/c:${TAG:-7}", "a.b/c:7"),
            ("FROM a.b/c:$TAG", None),
            ("FROM scratch", None),
            ("FROM \\\n # said on\n a.b/c:1 \\\n AS y", "a.b/c:1"),
            ("# escape=`\nFROM `\n a.b/c:1", "a.b/c:1"),
            ("FROM a.b/c:1\nRUN <<EOF\nFROM not/this\nEOF\n", "a.b/c:1"),
        ],
    )
    def test_the_last_stages_image_is_found(self, text: str, wanted: str | None) -> None:
        """Through variables with defaults, earlier stages, continued lines and here-documents."""
        assert wanted == parse_dockerfile(text).base

    @pytest.mark.parametrize(("step", "line"), [("RUN a  && b", 4), ("COPY x y", 5), ("RUN c", None)])
    def test_a_step_is_found_again(self, step: str, line: int | None) -> None:
        """As an engine tells it, however its lines were torn."""
        parsed = parse_dockerfile("FROM a.b/c:1\nRUN a\nrun a \\\n  && b\nCOPY  x  y\n")

        assert line == parsed.line_of(step)

    def test_what_is_no_dockerfile_is_refused(self, tmp_path: Path) -> None:
        """The failure names the file and what it must begin with."""
        (tmp_path / "Dockerfile").write_text("# nothing\n")

        with pytest.raises(InputsInvalid, match=r"dockerfile: it has no `FROM`\. Begin it with `FROM`"):
            read_dockerfile(tmp_path / "Dockerfile")


class TestContext:
    def test_ignored_files_are_no_part_of_it(self, tmp_path: Path) -> None:
        """The Dockerfile's own ignore file wins; a folder that is left out is left out with all that is in it."""
        for name in ("a.txt", "b.log", "out/made", "sub/c.txt"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        (tmp_path / "My.Dockerfile").write_text("FROM a\n")
        (tmp_path / ".dockerignore").write_text("*.txt\n")
        (tmp_path / "My.Dockerfile.dockerignore").write_text("# logs\n*.log\n")

        own = read_own_dockerfile(tmp_path / "My.Dockerfile", leave_out=tmp_path / "out")

        assert ("My.Dockerfile", "My.Dockerfile.dockerignore", "a.txt", "sub", "sub/c.txt") == own.files

    def test_a_report_is_no_part_of_it(self, tmp_path: Path) -> None:
        """Each run writes another log: the layers would be built anew, and hold it. A file beside it is packed."""
        write_files(tmp_path, {"Dockerfile": "FROM a\n", "log.txt": "mine"})
        before = engine_layers_key(Recipe(base="x"), base(), LOCK, tmp_path / "Dockerfile")
        write_files(tmp_path, {f"out/{name}": "said" for name in (*NAMES, MARKER)})

        assert before == engine_layers_key(Recipe(base="x"), base(), LOCK, tmp_path / "Dockerfile")
        (tmp_path / "out/mine.txt").touch()
        assert ("Dockerfile", "log.txt", "out/mine.txt") == read_own_dockerfile(tmp_path / "Dockerfile").files


class TestKey:
    def test_it_is_the_same_for_the_same(self) -> None:
        """The order of Debian packages, variables and labels, and packages that are not compiled make no difference."""
        one = Recipe(base="x", apt_packages=("a", "b"), compiled=("b_c",), env={"A": "1"})
        two = Recipe(base="x", apt_packages=("b", "a"), compiled=("b-c",), labels={"B": "2"})

        assert engine_layers_key(one, base(), LOCK) == engine_layers_key(two, base(), LOCK.replace("a==1", "a==3"))
        assert 32 == len(engine_layers_key(one, base(), LOCK))

    def test_everything_that_decides_changes_it(self, tmp_path: Path) -> None:
        """The base, Debian packages, a compiled package's hashes, the Dockerfile, and the bytes that it may copy."""
        dockerfile = tmp_path / "Dockerfile"
        dockerfile.write_text("FROM a\n")
        recipe = Recipe(base="x", compiled=("b-c",))
        keys = [
            engine_layers_key(recipe, base(), LOCK),
            engine_layers_key(recipe, base(b"newer"), LOCK),
            engine_layers_key(Recipe(base="x", compiled=("b-c",), apt_packages=("a",)), base(), LOCK),
            engine_layers_key(recipe, base(), LOCK.replace("bb", "bc")),
            engine_layers_key(recipe, base(), LOCK, dockerfile),
        ]
        (tmp_path / "copied").write_text("1")
        keys.append(engine_layers_key(recipe, base(), LOCK, dockerfile))
        (tmp_path / "copied").write_text("2")
        keys.append(engine_layers_key(recipe, base(), LOCK, dockerfile))
        (tmp_path / "copied").chmod(0o755)
        keys.append(engine_layers_key(recipe, base(), LOCK, dockerfile))
        dockerfile.write_text("FROM a\nRUN b\n")
        keys.append(engine_layers_key(recipe, base(), LOCK, dockerfile))

        assert len(keys) == len(set(keys))
