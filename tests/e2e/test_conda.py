"""Real conda packages, from a channel of the user's own to an app that answers from conda's interpreter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.conda_channel import LIBCOLOUR, conda_project, environment_file, python_stub, write_channel
from support.deployment import Run, run_action
from support.failing_runs import packaging, run_here

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.registry_server import RegistryServer

pytestmark = pytest.mark.exhaustive

INPUTS = {
    "model-path": "model.json",
    "entry-script": "src/score.py",
    "environment-file": "environment.yml",
    "trigger": "http",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conda file with a channel beside it, and variables that its environment sets."""
    folder = conda_project(tmp_path_factory.mktemp("conda"))
    (folder / "environment.yml").write_text(f"{environment_file()}variables: {{TONE: warm, SIZE: small}}\n")
    script = folder / "src" / "score.py"
    script.write_text(script.read_text().replace('{"value": value', '{"variables": _VARIABLES, "value": value'))
    script.write_text(f"{script.read_text()}\n\n_VARIABLES = [os.environ['TONE'], os.environ['SIZE'] == 'large']\n")
    (folder / "sample.json").write_text('{"value": 7}')
    return folder


def perform(sandbox: Sandbox, project: Path, **given: str) -> Run:
    """One run that succeeds; the keyword `image_name` is the input `image-name`."""
    inputs = {name.replace("_", "-"): value for name, value in given.items()}
    run = run_action(project, {**sandbox.endpoints.inputs(), **INPUTS, **inputs}, sandbox.endpoints.environ())
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def first(sandbox: Sandbox, project: Path) -> Run:
    """A deployment."""
    names = {"app_name": "conda-story", "resource_group": "conda-story-group", "image_name": "conda-story"}
    return perform(sandbox, project, sample_request="sample.json", app_settings="SIZE=large", **names)


@pytest.mark.needs("docker")
class TestDeployment:
    """A conda file that wheels cannot stand for."""

    def test_the_live_app_answers_from_condas_interpreter(self, first: Run) -> None:
        """With a package that only conda has, a wheel that `pip:` asks for on top of it, and the file's variables.

        An app setting takes the place of one of them.
        """
        answer = next(line for line in first.summary.splitlines() if line.startswith('{"variables"'))

        assert {
            "variables": ["warm", True],
            "value": 21,
            "prefix": "/opt/conda",
            "greeting": "/opt/conda/lib/python3.11/site-packages/greeting/__init__.py",
            "six": "/home/site/wwwroot/.python_packages/lib/site-packages/six.py",
        } == json.loads(answer)

    def test_the_log_and_the_summary_say_why_conda_and_how_many(self, first: Run) -> None:
        """A reader sees what made conda necessary, and both numbers of packages."""
        for text in (first.log, first.summary):
            assert "Conda packages are used, as line 3 names your own channel, `channel`." in text
            assert "3 conda packages" in text
        assert "| conda |" in first.summary
        assert "\nconda: greeting-words=1.2.0\n" in first.summary

    def test_the_lock_holds_both_kinds(self, first: Run, project: Path) -> None:
        """Conda's packages with their files' hashes, as comments; wheels as a requirements file."""
        lock = first.outputs["lock"].splitlines()
        conda = [line.split()[1:] for line in lock if line.startswith("# channel/")]

        assert "six==1.17.0 \\" in lock
        assert ["greeting-words-1.2.0-0.conda", "libcolour-2.1-0.tar.bz2"] == [
            place.rpartition("/")[2] for place, _ in conda[:2]
        ]
        assert conda[2][0].startswith("channel/linux-64/python-3.11.")
        assert all(len(digest) == len("sha256:") + 64 for _, digest in conda)
        assert str(project) not in first.outputs["lock"]


@pytest.mark.needs("docker")
class TestSecondRun:
    """Another image of the same environment."""

    def test_it_finds_the_environment_and_installs_nothing(self, first: Run, sandbox: Sandbox, project: Path) -> None:
        """Both layers come from the cache repository: the same ones, in another repository."""
        run = perform(sandbox, project, mode="package", image_name="conda-again")

        found = [line for line in run.log.splitlines() if "reused, not installed" in line]
        assert ["conda", "dependencies"] == [line.split()[0] for line in found]
        assert first.outputs["lock"] == run.outputs["lock"]


class TestWords:
    """What a person reads when a conda file cannot be followed."""

    def test_wheels_where_only_conda_has_a_package(self, registry: RegistryServer, folder: Path) -> None:
        """`solver: wheels` refuses it on its line, and says what installs it."""
        inputs = packaging(registry, folder) | {"environment-file": "environment.yml", "solver": "wheels"}
        (folder / "channel").mkdir()
        (folder / "environment.yml").write_text(environment_file())

        ended = run_here(folder, inputs)

        assert ended.code == 3, ended.log
        assert ended.says("wheels-for-a-conda-package", {}), ended.log

    def test_conda_for_a_requirements_file(self, registry: RegistryServer, folder: Path) -> None:
        """`solver: conda` needs a conda file."""
        inputs = packaging(registry, folder) | {"solver": "conda"}

        ended = run_here(folder, inputs)

        assert ended.code == 3, ended.log
        assert ended.says("conda-for-a-requirements-file", {}), ended.log

    def test_a_package_that_no_channel_has(self, registry: RegistryServer, folder: Path) -> None:
        """It is named on its line."""
        inputs = packaging(registry, folder) | {"environment-file": "environment.yml"}
        write_channel(folder / "channel", [python_stub(), LIBCOLOUR])
        (folder / "environment.yml").write_text(environment_file())

        ended = run_here(folder, inputs)

        assert ended.code == 3, ended.log
        assert ended.says("conda-package-that-no-channel-has", {}), ended.log
