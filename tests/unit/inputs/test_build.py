"""How the image is made: builders, and what only some of them take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import facts_of
from functions_model.core.build import Build, Builder, Solver
from functions_model.inputs import from_environment
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, PACKAGE, problems

if TYPE_CHECKING:
    from pathlib import Path


class TestBuild:
    """`DeploymentSpec.build`."""

    def test_defaults(self, workspace: Path) -> None:
        """Without any input: no engine, wheels where they serve, the shared cache, a bill of materials."""
        spec = read_inputs(PACKAGE, workspace=workspace)

        assert spec.build == Build(cache_repository="functions-model/cache", sbom=True)

    def test_all_given(self, workspace: Path) -> None:
        """Each input has its place."""
        (workspace / "Dockerfile").write_text("FROM scratch")
        given = {
            "builder": "docker",
            "solver": "conda",
            "apt-packages": "libgomp1, gcc\nlibgomp1\ncurl=7.88.1-10",
            "dockerfile": "Dockerfile",
            "source-date-epoch": "1735689600",
            "image-labels": "team=forecast\n\norg.opencontainers.image.revision = 1a2b=",
            "model-compression": "raw",
            "cache-repository": "none",
            "sbom": "false",
        }

        spec = read_inputs({**PACKAGE, **given}, workspace=workspace)

        assert spec.build == Build(
            builder=Builder.DOCKER,
            solver=Solver.CONDA,
            apt_packages=("libgomp1", "gcc", "curl=7.88.1-10"),
            dockerfile=workspace / "Dockerfile",
            epoch=1735689600,
            labels={"team": "forecast", "org.opencontainers.image.revision": "1a2b="},
            model_compression="raw",
            cache_repository=None,
            sbom=False,
        )

    def test_dockerfile_needs_no_registry(self, workspace: Path) -> None:
        """It only writes a folder, by default one in the workspace."""
        given = {name: text for name, text in PACKAGE.items() if name != "registry"}

        spec = read_inputs({**given, "builder": "dockerfile"}, workspace=workspace)

        assert spec.build.context == workspace / "functions-model-context"
        assert (None, None) == (spec.login, spec.target)

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("builder", "podman", "`podman` is not one of its values. Use `layers` or `docker` or `dockerfile`."),
            ("solver", "mamba", "`mamba` is not one of its values"),
            (
                "apt-packages",
                "gcc",
                "it cannot be combined with `builder: layers`, which has no container engine to run it",
            ),
            ("dockerfile", "src/score.py", "it cannot be combined with `builder: layers`"),
            ("build-context", "out", "it cannot be combined with `builder: layers`, which writes no folder"),
            ("source-date-epoch", "yesterday", "`yesterday` is not a time in whole seconds since 1970"),
            ("source-date-epoch", "99999999999", "is not a time in whole seconds"),
            ("image-labels", "team", "line 1, `team`, is not `name=value`"),
            ("image-labels", "a=1\na=2", "line 2: `a` is set twice"),
            ("image-labels", "functions-model.deployment={}", "line 1: the labels that begin with `functions-model.`"),
            (
                "model-compression",
                "zstd",
                "`zstd` is not one of its values. Use `auto` or `gzip` or `stored` or `raw`.",
            ),
            ("cache-repository", "Cache", "`Cache`"),
            ("sbom", "yes", "`yes` is not one of its values. Use `true` or `false`."),
        ],
    )
    def test_refused(self, workspace: Path, name: str, text: str, words: str) -> None:
        """What cannot be meant is said at the input that says it."""
        assert words in problems({**PACKAGE, name: text}, workspace)[name]

    def test_names_no_package_can_have(self, workspace: Path) -> None:
        """All wrong names are told at once; what follows a name could be read as an option."""
        given = {**PACKAGE, "builder": "docker", "apt-packages": "gcc -y Libfoo; rm"}

        assert "`-y`, `Libfoo;` cannot be the name of a Debian package" in problems(given, workspace)["apt-packages"]

    def test_two_bases(self, workspace: Path) -> None:
        """A Dockerfile says its base itself."""
        given = {**PACKAGE, "builder": "docker", "dockerfile": "src/score.py", "base-image": "localhost:5000/base:1"}

        assert "it cannot be combined with `base-image`" in problems(given, workspace)["dockerfile"]

    def test_dockerfile_with_azure(self, workspace: Path) -> None:
        """A folder cannot be deployed."""
        assert "needs an image" in problems({**DEPLOY, "builder": "dockerfile"}, workspace)["builder"]

    def test_registry_is_needed_otherwise(self, workspace: Path) -> None:
        """An image goes somewhere."""
        given = {name: text for name, text in PACKAGE.items() if name != "registry"}

        assert "it is required in mode `package`" in problems(given, workspace)["registry"]


class TestSourceDateEpoch:
    """The variable that build tools share."""

    def test_is_the_default(self) -> None:
        """It stands for the input."""
        assert {"source-date-epoch": "7"} == from_environment({"SOURCE_DATE_EPOCH": "7"})

    def test_the_input_wins(self) -> None:
        """What is said to us comes before what is said to all."""
        environ = {"SOURCE_DATE_EPOCH": "7", "INPUT_SOURCE-DATE-EPOCH": "8"}

        assert {"source-date-epoch": "8"} == from_environment(environ, facts_of(environ))
