"""Three builders, one app: what each makes answers the same, holds the same files, and is run in the same way.

The sandbox's base image has no `apt-get`, so `apt-packages` are shown elsewhere: what an engine makes of them in
`tests/contract/test_engine_packages.py`, the Dockerfile's text in `tests/unit/engine/test_dockerfile.py`.
"""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests

from functions_model.inputs.sources import COMPILERS
from support.builders import DESCRIBED, STAMP, WITH_ENGINE, write_project
from support.cancelling import GONE, wait
from support.conda_channel import described
from support.containers import build, engine, files_of, running, running_with, settings_of, text_of
from support.deployment import Run, run_action, start_action
from support.failing_runs import Ended, packaging, run_here
from support.inspecting import NOBODY, refresh_token
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import APIClient

    from azure_sandbox.sandbox import Sandbox
    from support.registry_server import RegistryServer

pytestmark = pytest.mark.exhaustive

NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
FOLDERS = ("/home/site/wwwroot", "/var/azureml-app")
LOCK = "/var/azureml-app/requirements.lock"
BUILD_ID = "FUNCTIONS_MODEL_BUILD_ID"
REQUESTS = {"an answer": {"x": 1}, "text": {"größe": "ü"}, "a failing run": {"boom": True}}


@dataclass(frozen=True)
class App:
    """What a builder made.

    Attributes:
        run: The run that made it.
        image: Its name in the engine.
        url: Where it answers.
    """

    run: Run
    image: str
    url: str

    def ask(self, path: str, **given: Any) -> requests.Response:
        return requests.request("POST" if given else "GET", f"{self.url}{path}", timeout=30, **given)


@pytest.fixture(scope="module")
def api() -> Iterator[APIClient]:
    with engine() as found:
        yield found


@pytest.fixture(scope="module")
def project(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that must be compiled, and a Dockerfile of its own."""
    folder = tmp_path_factory.mktemp("builders")
    write_project(folder, sandbox.endpoints.base_image)
    return folder


def perform(sandbox: Sandbox, folder: Path, environ: dict[str, str] | None = None, /, **given: str) -> Run:
    """One run that succeeds; the keyword `image_name` is the input `image-name`."""
    inputs = {name.replace("_", "-"): value for name, value in given.items()}
    all_inputs = {**sandbox.endpoints.inputs(), **DESCRIBED, "auth-level": "anonymous", **inputs}
    at_hand = {COMPILERS: described(sandbox.endpoints.python_version)[1]}
    run = run_action(folder, all_inputs, {**sandbox.endpoints.environ(), **at_hand, **(environ or {})})
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def with_wheel(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project where its package has a wheel: nothing is compiled."""
    folder = tmp_path_factory.mktemp("wheel")
    write_project(folder, sandbox.endpoints.base_image)
    STAMP.write_wheel(folder / "links")
    return folder


@contextmanager
def pulled(run: Run, sandbox: Sandbox, api: APIClient) -> Iterator[App]:
    """A pushed image, pulled by the engine and run as it is."""
    image = run.outputs["image"]
    api.pull(image, auth_config={"username": NOBODY, "password": refresh_token(sandbox)})
    with running(api, image) as url:
        yield App(run, image, url)
    api.remove_image(image, force=True)


@pytest.fixture(scope="module")
def by_layers(sandbox: Sandbox, with_wheel: Path, api: APIClient) -> Iterator[App]:
    """Without an engine."""
    run = perform(sandbox, with_wheel, NOWHERE, mode="package", image_name="by-layers")
    with pulled(run, sandbox, api) as app:
        yield app


@pytest.fixture(scope="module")
def by_engine(sandbox: Sandbox, project: Path, api: APIClient) -> Iterator[App]:
    """With what the engine makes below the app."""
    run = perform(sandbox, project, mode="package", image_name="by-engine", **WITH_ENGINE)
    with pulled(run, sandbox, api) as app:
        yield app


@pytest.fixture(scope="module")
def by_dockerfile(sandbox: Sandbox, with_wheel: Path, api: APIClient) -> Iterator[App]:
    """The written folder, built by the engine and run as it is."""
    given = {**WITH_ENGINE, "builder": "dockerfile", "build_context": "context"}
    run = perform(sandbox, with_wheel, NOWHERE, mode="package", **given)
    image = build(api, with_wheel / "context")
    with running(api, image) as url:
        yield App(run, image, url)
    api.remove_image(image, force=True)


@pytest.fixture(scope="module")
def files(by_layers: App, api: APIClient) -> dict[str, tuple[str, str]]:
    """What the image of `layers` holds of the app."""
    return files_of(api, by_layers.image, *FOLDERS)


@pytest.fixture(params=["by_engine", "by_dockerfile"])
def other(request: pytest.FixtureRequest) -> App:
    """What another builder than `layers` made."""
    app: App = request.getfixturevalue(request.param)
    return app


@pytest.mark.needs("docker")
class TestOneApp:
    """What the builders make, beside one another."""

    def test_it_answers_the_same(self, by_layers: App, other: App) -> None:
        """Status, type and body of an answer, and of a run that raises."""
        for content in REQUESTS.values():
            expected, actual = (app.ask("/api/score", json=content) for app in (by_layers, other))

            assert (expected.status_code, expected.text) == (actual.status_code, actual.text)
            assert expected.headers.get("Content-Type") == actual.headers.get("Content-Type")
        assert actual.status_code == 500
        assert "made from source" in by_layers.ask("/api/score", json={}).text

    def test_it_says_the_same_of_itself(self, by_layers: App, other: App) -> None:
        """Models, versions and triggers; the build differs."""
        expected, actual = (app.ask("/api/identity").json() for app in (by_layers, other))

        assert expected.pop("build_id") != actual.pop("build_id")
        assert expected == actual

    def test_it_holds_the_same_files(self, files: dict[str, tuple[str, str]], other: App, api: APIClient) -> None:
        """With the same modes and owners. Only the lock, and its byte code, tell what was compiled from a wheel."""
        actual = files_of(api, other.image, *FOLDERS)
        mode, _ = files[LOCK]
        own = {path: file for path, file in files.items() if path == LOCK or "/stamp.cpython-" in path}

        assert mode == actual[LOCK][0]
        assert files == {**actual, **own}
        assert any("/six.cpython-" in path for path in actual)
        assert "/home/site/wwwroot/.python_packages/lib/site-packages/stamp.py" in actual

    def test_it_is_run_in_the_same_way(self, by_layers: App, other: App, api: APIClient) -> None:
        """Variables and command: but for the build's ID, and for what the user's Dockerfile sets."""
        expected, actual = (settings_of(api, app.image) for app in (by_layers, other))

        assert actual["Env"].pop("OWN_SETTING") == "yes"
        assert expected["Env"].pop(BUILD_ID) != actual["Env"].pop(BUILD_ID)
        assert expected == actual

    def test_it_has_what_the_users_dockerfile_adds(self, other: App, api: APIClient) -> None:
        """What a step wrote, and a file of the Dockerfile's folder."""
        files = [text_of(api, other.image, path) for path in ("/etc/own-step", "/etc/own-file")]

        assert ["made by a step\n", "extra\n"] == files


@pytest.mark.needs("docker")
class TestEngine:
    """`builder: docker`."""

    def test_the_engines_output_is_in_the_log_as_it_comes(self, by_engine: App) -> None:
        """Each step of the Dockerfile, and what is compiled."""
        log = by_engine.run.log

        assert "Step 2/4 : RUN echo made by a step > /etc/own-step" in log
        assert "Building stamp==1.0" in log
        assert log.index("Building stamp==1.0") < log.index("Built from own/Dockerfile by the container engine")

    def test_the_summary_says_what_was_built_and_compiled(self, by_engine: App) -> None:
        """Each layer of the engine is one of the table; so is the reason to compile."""
        summary = by_engine.run.summary

        assert "- Built from own/Dockerfile by the container engine: 3 layers" in summary
        assert [f"| {name} |" in summary for name in ("dockerfile 1 of 2", "compiled packages")] == [True, True]
        assert "No wheel fits, so these are compiled: stamp." in summary

    def test_without_work_for_it_the_image_is_the_one_of_layers(
        self, by_layers: App, sandbox: Sandbox, with_wheel: Path
    ) -> None:
        """No engine is needed then, and the digest says that nothing differs."""
        run = perform(sandbox, with_wheel, NOWHERE, mode="package", image_name="by-layers", builder="docker")

        assert by_layers.run.outputs["digest"] == run.outputs["digest"]

    def test_the_second_run_does_not_touch_the_engine(self, by_engine: App, sandbox: Sandbox, project: Path) -> None:
        """Another image of the registry takes the engine's layers from the record, with no engine to ask."""
        run = perform(sandbox, project, NOWHERE, mode="package", image_name="without-engine", **WITH_ENGINE)

        row = next(line for line in run.summary.splitlines() if line.startswith("| compiled packages |"))
        assert row.endswith("| reused |")
        assert "reused, not packed (from `functions-model/cache`)" in run.log
        assert "Step 1/4" not in run.log
        assert by_engine.run.outputs["lock"] == run.outputs["lock"]


@pytest.mark.parametrize("what", ["a step of the Dockerfile", "the compiling of a package"])
def test_what_runs_on_the_engine_goes_with_a_cancelled_run(
    sandbox: Sandbox, tmp_path: Path, api: APIClient, what: str
) -> None:
    """The run is gone within the time that a CI host leaves; then the container, which nobody else would remove."""
    mark, folder = f"sleep {uuid4().int % 10**7}", tmp_path / "workspace"
    write_project(folder, sandbox.endpoints.base_image)
    if what == "the compiling of a package":
        replace(STAMP, first=f"import os; os.system({mark!r})").write_source(folder / "links")
    else:
        (folder / "own" / "Dockerfile").write_text(f"FROM {sandbox.endpoints.base_image}\nRUN {mark}\n")
    inputs = {**sandbox.endpoints.inputs(), **DESCRIBED, **WITH_ENGINE, "mode": "package", "image-name": "cancelled"}
    started = start_action(folder, inputs, sandbox.endpoints.environ(), tmp_path / "left")
    try:
        assert wait(lambda: bool(running_with(api, mark)) or started.process.poll() is not None)
        assert started.process.poll() is None, started.log
        begun = time.monotonic()
        started.process.send_signal(signal.SIGINT)
        run = started.run()
        seconds = time.monotonic() - begun
    finally:
        started.kill()

    assert (130, True) == (run.code, seconds < GONE), run.log
    assert wait(lambda: not running_with(api, mark)), run.log
    assert "Traceback" not in run.log


class TestWords:
    """What a person reads when a builder cannot do its work: each family's exit code, and the golden file's words."""

    def test_an_engine_that_does_not_answer(self, registry: RegistryServer, folder: Path) -> None:
        """Where it was looked for, and how to go on with or without one."""
        inputs = packaging(registry, folder) | {"builder": "docker", "apt-packages": "libgomp1"}

        run = run_action(folder, inputs, NOWHERE)
        ended = Ended(run.code, run.log)

        assert ended.code == 3, run.log
        assert ended.says("engine-does-not-answer", {}), run.log

    @pytest.mark.needs("busybox", "docker")
    def test_a_step_of_the_dockerfile_that_fails(self, registry: RegistryServer, folder: Path, api: APIClient) -> None:
        """The step is named, and its last lines are in the details."""
        inputs = packaging(registry, folder) | {"builder": "docker", "dockerfile": "Dockerfile", "base-image": ""}
        (folder / "Dockerfile").write_text(
            f"FROM {registry.host}/base:4\nRUN echo looking for the driver && echo no such driver && exit 7\n"
        )

        ended = run_here(folder, inputs)

        assert ended.code == 3, ended.log
        assert ended.says("dockerfile-step-fails", {}), ended.log
        assert "looking for the driver\nno such driver\n" in ended.log.partition("::group::Details")[2]
        api.remove_image(f"{registry.host}/base:4", force=True)

    def test_a_dockerfile_whose_base_has_no_registry(self, registry: RegistryServer, folder: Path) -> None:
        """Its line is named: a short name points to another image on each machine."""
        inputs = packaging(registry, folder) | {"builder": "docker", "dockerfile": "Dockerfile", "base-image": ""}
        (folder / "Dockerfile").write_text("FROM python:3.11\n")

        ended = run_here(folder, inputs)

        assert ended.code == 2, ended.log
        assert ended.says("dockerfile-base-without-registry", {}), ended.log

    def test_a_folder_that_holds_something_else(self, registry: RegistryServer, folder: Path) -> None:
        """It is not touched."""
        inputs = packaging(registry, folder) | {"builder": "dockerfile", "build-context": "src"}

        ended = run_here(folder, inputs)

        assert ended.code == 2, ended.log
        assert ended.says("build-context-holds-something-else", {str(folder): "<workspace>"}), ended.log
        assert ["score.py"] == [path.name for path in (folder / "src").iterdir()]

    def test_packages_without_wheels(self, registry: RegistryServer, folder: Path) -> None:
        """All of them at once, each on its line, with what compiles them."""
        inputs = packaging(registry, folder)
        for name in ("stamp", "seal"):
            SourcePackage(name, "1.0", "").write_source(folder / "links")
        (folder / "requirements.txt").write_text("--find-links ./links\nstamp==1.0\nsix==1.17.0\nseal==1.0\n")

        ended = run_here(folder, inputs)

        assert ended.code == 3, ended.log
        assert ended.says("packages-without-wheels", {}), ended.log
