"""What the checks share: what is judged, and how they say what they have seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from az import AzFailed
from deployments import EXAMPLES, HERE, App
from recording import Observation
from session import AZURE, HOSTS, RECORDING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from hosts import Hosts
    from session import Azure

_DIFFERENT = pytest.StashKey[list[Observation]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the sandbox, a check of what it does not have yet must fail."""
    if config.stash[RECORDING].target == "sandbox":
        for item in items:
            if mark := item.get_closest_marker("not_yet_on_the_sandbox"):
                raised = (pytest.fail.Exception, AzFailed)
                item.add_marker(pytest.mark.xfail(strict=True, reason=mark.args[0], raises=raised))


@pytest.fixture(scope="session")
def hosts(pytestconfig: pytest.Config) -> Hosts:
    """Functions hosts to look at."""
    return pytestconfig.stash[HOSTS]


@pytest.fixture(scope="session")
def azure(pytestconfig: pytest.Config) -> Azure:
    """An Azure to deploy to."""
    return pytestconfig.stash[AZURE]


@pytest.fixture(scope="session")
def registry(azure: Azure) -> str:
    """A container registry with an admin user, for `access: keys`; its login server."""
    words = ("--resource-group", azure.group.name, "--name", f"fmreal{azure.group.run}")
    made = azure.az.json("acr", "create", *words, "--sku", "Basic", "--admin-enabled", "true")
    return str(made["loginServer"])


@pytest.fixture(scope="session")
def iris(azure: Azure, registry: str) -> App:
    """The README's deployment: a scikit-learn model behind HTTP."""
    given = {"environment_file": "conda.yml", "trigger": "http", "sample_request": "sample-request.json"}
    return App(azure, registry, "iris", EXAMPLES / "iris-http", **given)


@pytest.fixture(scope="session")
def told(azure: Azure, registry: str) -> App:
    """An app that says which version answers."""
    given = {"environment_file": "requirements.txt", "sample_request": "sample-request.json"}
    return App(azure, registry, "told", HERE / "project", **given)


@pytest.fixture(scope="session")
def keyed(azure: Azure, registry: str) -> App:
    """The same, with passwords and connection strings in the place of an identity."""
    given = {"environment_file": "requirements.txt", "sample_request": "sample-request.json", "access": "keys"}
    return App(azure, registry, "keyed", HERE / "project", **given)


@pytest.fixture(scope="session")
def blobs(azure: Azure, registry: str) -> App:
    """A model behind a blob trigger."""
    given = {
        "environment_file": "requirements.txt",
        "model_name": "languages",
        "trigger": "blob",
        "input_path": "texts/{name}.txt",
        "output_path": "languages/{name}.json",
        "data_storage_account": f"fmreal{azure.group.run}data",
        "sample_request": "sample-request.txt",
    }
    return App(azure, registry, "blobs", EXAMPLES / "blob-language", **given)


@pytest.fixture(scope="session")
def queue(azure: Azure, registry: str) -> App:
    """A model behind a Service Bus queue trigger."""
    given = {
        "environment_file": "requirements.txt",
        "model_name": "pump",
        "trigger": "service-bus-queue",
        "input_queue_name": "readings",
        "output_queue_name": "judgements",
        "service_bus_namespace": f"fm-real-{azure.group.run}-bus",
        "sample_request": "sample-request.json",
    }
    return App(azure, registry, "queue", EXAMPLES / "service-bus-readings", **given)


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`observe("a few words", believed=..., seen=...)`: one look. After a difference a check goes on, then fails."""
    recording, different = request.config.stash[RECORDING], request.node.stash.setdefault(_DIFFERENT, [])

    def look(what: str, *, believed: Any, seen: Any) -> None:
        one = Observation(request.node.nodeid, what, believed, seen)
        recording.observations.append(one)
        if not one.agrees:
            different.append(one)

    return look


@pytest.fixture
def timed(pytestconfig: pytest.Config) -> Callable[[str, Callable[[], Any]], Any]:
    """`timed("a few words", read)`: what `read` gives; how long that took is written down."""

    def take(what: str, read: Callable[[], Any]) -> Any:
        started = time.monotonic()
        found = read()
        pytestconfig.stash[RECORDING].seconds[what] = round(time.monotonic() - started, 1)
        return found

    return take


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a check that has seen a difference, with all of them."""
    result = yield
    if different := pyfuncitem.stash.get(_DIFFERENT, []):
        pytest.fail("\n".join(one.line for one in different), pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was looked at, and what came."""
    terminalreporter.section("looked at")
    check = ""
    for one in config.stash[RECORDING].observations:
        if one.check != check:
            check = one.check
            terminalreporter.write_line(check)
        terminalreporter.write_line(f"    {one.line}", red=not one.agrees)
    for what, seconds in config.stash[RECORDING].seconds.items():
        terminalreporter.write_line(f"{what}: {seconds} s")
