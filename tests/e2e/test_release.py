"""A release, rehearsed from its start to the tag `v1`: release.yml itself, with a bare remote and a registry.

What cannot be had here: GitHub, its attestations and PyPI are stand-ins, and the image for arm64 is one for x64 that is
called so (tests/e2e/test_action_arm64.py makes a real one). The action runs from the registry, deploys to the sandbox,
and the function is asked.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import docker
import pytest
import requests

from functions_model import __version__
from support.docker_registry import running_registry
from support.engine import PYTHON_SLIM, ensure_image
from support.release_rehearsal import REPOSITORY, Rehearsal, git, running_index
from support.tools import ROOT
from support.workflow_runner import FAILURE, SKIPPED, SUCCESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.needs("docker", "mmdebstrap", "docker-registry", "skopeo"),
    pytest.mark.exhaustive,
    pytest.mark.timeout(600),
]
CHECKED = {"check.yml": SUCCESS, "site.yml": SUCCESS}
"""The whole test suite is not run inside of itself."""
TRIED = {**CHECKED, "e2e.yml": SUCCESS}
_MAJOR = f"v{__version__.partition('.')[0]}"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that has the base image."""
    with closing(docker.from_env(timeout=600)) as client:
        ensure_image(PYTHON_SLIM, client)
    with running_registry(tmp_path_factory.mktemp("registry")) as host:
        _push(PYTHON_SLIM.tag, f"{host}/{PYTHON_SLIM.tag}")
        yield host
    _remove_names(host)


@pytest.fixture
def rehearsal(tmp_path: Path, registry: str) -> Rehearsal:
    """A repository that has no release."""
    made = Rehearsal(tmp_path, registry, registry, "")
    made.begin()
    return made


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, registry: str) -> Rehearsal:
    """A repository after its first release, which was run as users will run it."""
    folder = tmp_path_factory.mktemp("released")
    with running_index(folder / "index") as index:
        made = Rehearsal(folder, registry, registry, index)
        made.begin()
        result = made.run({"version": __version__}, CHECKED)
    assert SUCCESS == result, made.told()
    return made


class TestRelease:
    """The first one."""

    def test_nothing_is_red(self, released: Rehearsal) -> None:
        """Each job has run, and the tests looked at the commit that was released."""
        [run] = released.runners

        assert {SUCCESS} == set(run.ran.values()), run.ran
        assert ("check.yml", {"ref": released.commit("main")}) in run.called

    def test_what_users_name(self, released: Rehearsal) -> None:
        """Both tags are the commit that was tried, whose parent is `main`; its branch is gone."""
        tag, called = released.commit(f"v{__version__}"), dict(released.runners[0].called)

        assert tag == released.commit(_MAJOR) == called["e2e.yml"]["candidate"]
        assert released.commit("main") == git(released.remote, "rev-parse", f"{tag}^")
        assert "refs/heads/main" == git(released.remote, "for-each-ref", "--format", "%(refname)", "refs/heads")

    def test_what_it_holds(self, released: Rehearsal) -> None:
        """The image by digest, the base by digest, and the owner wherever people copy."""
        image = re.search(r"image: docker://(.*)", released.text(_MAJOR, "action.yml"))
        base = re.search(r"FROM (.*) AS python", released.text(_MAJOR, "Dockerfile"))

        assert image
        assert re.fullmatch(rf"{released.registry}/{REPOSITORY.lower()}@sha256:[0-9a-f]{{64}}", image[1])
        assert base
        assert re.fullmatch(rf"{released.mirror}/{PYTHON_SLIM.tag}@sha256:[0-9a-f]{{64}}", base[1])
        assert f"uses: {REPOSITORY}@{_MAJOR}" in released.text(_MAJOR, "README.md")
        assert "image: Dockerfile" in released.text("main", "action.yml")

    def test_it_was_run_as_users_run_it(self, released: Rehearsal) -> None:
        """Its container deployed to a local Azure, over the job's network; the function answered; a refusal was red."""
        logs = {name: text for name, text in released.runners[0].logs.items() if name.startswith("action")}

        assert ["deploys", "refuses"] == sorted(
            "deploys" if "Live after" in text else "refuses" for text in logs.values()
        )
        assert all("`no-such-script.py` does not exist" in text for text in logs.values())
        assert any('{"species": ["setosa", "virginica"]' in text for text in logs.values())

    def test_the_image(self, released: Rehearsal) -> None:
        """It is one for both platforms, and three attestations speak of its digest."""
        image = re.search(r"image: docker://(\S+)", released.text(_MAJOR, "action.yml"))
        assert image
        host, _, path = image[1].partition("/")
        name, _, digest = path.partition("@")
        accept = {"Accept": "application/vnd.oci.image.index.v1+json"}
        index = requests.get(f"http://{host}/v2/{name}/manifests/{digest}", headers=accept, timeout=20).json()

        assert ["amd64", "arm64"] == [one["platform"]["architecture"] for one in index["manifests"]]
        assert [(image[1], ""), (image[1], "amd64.json"), (image[1], "arm64.json")] == released.attested

    def test_the_page(self, released: Rehearsal) -> None:
        """The release is published with the wheel, which could not be added later, and says what the changelog says."""
        page: dict[str, Any] = json.loads((released.folder / "releases" / f"v{__version__}.json").read_text())

        assert not page["draft"]
        assert [f"functions_model_action-{__version__}-py3-none-any.whl"] == page["assets"]
        assert "### Added" in page["notes"]
        assert "## [" not in page["notes"]

    def test_the_package(self, released: Rehearsal) -> None:
        """The index has the wheel, and it knows where the action is: `init` writes it into workflows."""
        [wheel] = released.wheels.iterdir()
        with zipfile.ZipFile(wheel) as archive:
            [metadata] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("METADATA")]

        assert f"Project-URL: Repository, https://github.com/{REPOSITORY}\n" in metadata
        assert f"Version: {__version__}\n" in metadata

    def test_once(self, released: Rehearsal) -> None:
        """The same version is not released again, and says so before anything is written."""
        before = git(released.remote, "for-each-ref")
        assert FAILURE == released.run({"version": __version__}, TRIED)

        assert f"{__version__} was released before" in "".join(released.runners[-1].logs.values())
        assert before == git(released.remote, "for-each-ref")


class TestAgain:
    """Once a month: the last release on a newer base."""

    def test_the_same_base(self, released: Rehearsal) -> None:
        """Nothing is done."""
        before = git(released.remote, "for-each-ref")
        assert SUCCESS == released.run({}, TRIED, "schedule")

        ran = released.runners[-1].ran
        assert {"plan": SUCCESS} == {job: result for job, result in ran.items() if result != SKIPPED}
        assert before == git(released.remote, "for-each-ref")

    def test_a_newer_base(self, released: Rehearsal, tmp_path: Path) -> None:
        """A patch, made of the last release and not of `main`; its changelog says why, and `v1` moves to it."""
        patch = f"{__version__.rpartition('.')[0]}.{int(__version__.rpartition('.')[2]) + 1}"
        source, first = released.commit("main"), released.commit(_MAJOR)
        _newer_base(released, tmp_path)
        _push_to_main(released)
        with running_index(released.wheels) as index:
            released.index = index
            result = released.run({}, TRIED, "schedule")
        moved = released.commit(_MAJOR)

        assert SUCCESS == result, released.told()
        assert released.commit(f"v{patch}") == moved != first
        assert source == git(released.remote, "rev-parse", f"{moved}^") != released.commit("main")
        assert f'version = "{patch}"' in released.text(moved, "pyproject.toml")
        lines = re.findall(r"^## \[(\d.*?)\]", released.text(moved, "CHANGELOG.md"), re.MULTILINE)
        assert [patch, __version__] == lines
        assert (
            "stands on a newer base"
            in json.loads((released.folder / "releases" / f"v{patch}.json").read_text())["notes"]
        )
        assert {patch, __version__} == {path.name.split("-")[1] for path in released.wheels.iterdir()}


class TestGates:
    """What keeps a release from happening."""

    @pytest.mark.parametrize("red", ["check.yml", "e2e.yml"])
    def test_red(self, rehearsal: Rehearsal, red: str) -> None:
        """A red check, or an action that does not run: no tag, no release, no package."""
        assert FAILURE == rehearsal.run({"version": __version__}, {**TRIED, red: FAILURE})

        ran = rehearsal.runners[-1].ran
        assert {SKIPPED} == {ran["release"], ran["pypi"]}
        assert "" == git(rehearsal.remote, "tag")
        assert not (rehearsal.folder / "releases").exists()

    def test_another_version(self, rehearsal: Rehearsal) -> None:
        """One that pyproject.toml does not say."""
        assert FAILURE == rehearsal.run({"version": "9.9.9"}, TRIED)

        assert "and not 9.9.9" in "".join(rehearsal.runners[-1].logs.values())

    def test_a_private_image(self, tmp_path: Path) -> None:
        """It cannot be pulled by strangers, and the message says what to click."""
        with running_registry(tmp_path / "registry", closed=True) as host:
            (tmp_path / "candidate").mkdir()
            pinned = f"  image: docker://{host}/contoso/action@sha256:{'0' * 64}\n"
            (tmp_path / "candidate" / "action.yml").write_text(pinned)
            script = ROOT / ".ci" / "release"
            done = subprocess.run([script, "stranger"], cwd=tmp_path, capture_output=True, text=True, check=False)

        assert 1 == done.returncode
        assert "make the package public" in done.stdout


def _remove_names(host: str) -> None:
    """By name alone: the base is another image's, too."""
    told = _docker("images", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}")
    for line in told.splitlines():
        repository, tag, digest = line.split()
        if repository.startswith(f"{host}/"):
            _docker("image", "rm", "--force", f"{repository}:{tag}" if tag != "<none>" else f"{repository}@{digest}")


def _newer_base(released: Rehearsal, folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {PYTHON_SLIM.tag}\nLABEL newer=yes\n")
    named = f"{released.registry}/{PYTHON_SLIM.tag}"
    _docker("build", "--quiet", "--tag", named, str(folder))
    _docker("push", "--quiet", named)


def _push_to_main(released: Rehearsal) -> None:
    source = released.folder / "source"
    (source / "unreleased.txt").write_text("not yet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "Later")
    git(source, "push", "--quiet", str(released.remote), "HEAD:main")


def _push(image: str, name: str) -> None:
    _docker("tag", image, name)
    _docker("push", "--quiet", name)


def _docker(*words: str) -> str:
    environ = {**os.environ, "DOCKER_BUILDKIT": "0"}
    done = subprocess.run(["docker", *words], env=environ, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    return done.stdout
