"""A first deployment, beside the classic guide's `az` commands; and how much a deployment asks of Azure."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
import requests

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.operations import Durations
from azure_sandbox.sandbox import Sandbox
from benchmarks.results import against, alone
from benchmarks.timing import RUNS, alternate
from support.az import Az, new_az
from support.classic import ClassicNames, run_classic
from support.deployer import Deployer
from support.deployment import start_anew
from support.keys_registry import registry_with_admin
from support.live_sites import site_of
from support.triggers import QUEUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.results import Results
    from support.deployment import Run

pytestmark = [pytest.mark.needs("az"), pytest.mark.timeout(3000)]

ADMIN = "adminregistry"
LATENCY = 0.15
"""Seconds that Azure takes to answer anything; what it takes to make things comes on top (`Durations.live`)."""
BLOBS = {"trigger": "blob", "input_path": "input/{name}.json", "output_path": "output/{name}.json"}
"""What the classic guide ends with: a blob trigger on the host's own storage account."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A sandbox in which both sides deploy one image, which is in its registry already.

    Attributes:
        folder: The workspace.
        az: Knows the cloud.
        server: The login server of a registry with an admin user, whose password the guide puts into the settings.
    """

    sandbox: Sandbox
    folder: Path
    az: Az
    server: str

    def deployer(self, app: str) -> Deployer:
        """Of the echo project, to an app of its own."""
        return Deployer(self.sandbox, self.folder, app, start_anew)

    def deploy(self, app: str, *, weights: str = "first", **inputs: str) -> Run:
        """The whole product: log in, look, plan, make, verify. It must succeed."""
        deployer = self.deployer(app)
        (self.folder / "model" / "weights.txt").write_text(weights)
        run = deployer.run(storage_account=f"{app}store", **inputs)
        assert run.code == 0, run.log
        return run

    def deploy_classic(self, app: str, *, weights: str = "first") -> Run:
        """What the classic guide ends with."""
        return self.deploy(app, weights=weights, data_storage_account=f"{app}store", **BLOBS)

    def classic(self, app: str, image: str, *, namespace: str = "") -> None:
        """Log in, and every command of the guide, one after the other."""
        ends = self.sandbox.endpoints
        names = ClassicNames(
            *(f"{app}-group", "westeurope", f"{app}-plan", f"{app}store", app, ADMIN, self.server, image),
            namespace=namespace,
        )
        self.az.log_in(ends, "-p", ends.client_secret)
        run_classic(self.az.json, names)

    def asked(self) -> int:
        """Requests to Azure since the journal was cleared.

        The push is not among them, nor is its login: of two tokens one is for the registry. Which endpoints a cloud
        has is asked of a sandbox, and known of Azure.
        """
        entries = self.sandbox.journal.entries()
        arm = [entry for entry in entries if entry.service == "arm" and not entry.path.startswith("/metadata/")]
        return len(arm) + sum(entry.service == "entra" for entry in entries) - 1


def elapsed(started: float) -> float:
    return time.perf_counter() - started


def until_answered(cloud: Cloud, app: str, deploy: Callable[[], object]) -> tuple[float, float]:
    """Deploy an app that is not there yet, and ask it all the while, from outside.

    Returns:
        Seconds until it answered with its build, and until the run was over.
    """
    with ThreadPoolExecutor(1) as threads:
        started, over = time.perf_counter(), threading.Event()
        answered = threads.submit(_first_answer, cloud.sandbox, app, started, over)
        try:
            deploy()
        finally:
            ended = elapsed(started)
            over.set()
        return answered.result(), ended


def _first_answer(sandbox: Sandbox, app: str, started: float, over: threading.Event) -> float:
    """Ask about ten times a second. A first deployment has one build only: whoever answers, answers with it."""
    while not over.is_set():
        with suppress(KeyError, ArmError, requests.RequestException):
            url = f"https://{site_of(sandbox, f'{app}-group', app).host_name}/api/identity"
            if requests.get(url, verify=str(sandbox.endpoints.ca_bundle), timeout=5).ok:
                return elapsed(started)
        over.wait(0.1)
    message = f"{app} never answered"
    raise AssertionError(message)


def _cloud(sandbox: Sandbox, folder: Path) -> Cloud:
    az = new_az(folder / "az", sandbox.endpoints)
    az.choose_cloud(sandbox.endpoints)
    cloud = Cloud(sandbox, folder / "workspace", az, registry_with_admin(sandbox, ADMIN))
    for inputs in (BLOBS, QUEUES, {**BLOBS, "registry": cloud.server}):
        packaged = cloud.deployer("packaged").run(mode="package", image_tag="1", **inputs)
        assert packaged.code == 0, packaged.log
    sandbox.journal.clear()
    return cloud


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Cloud]:
    """As far away, and as slow, as Azure."""
    with Sandbox(tmp_path / "sandbox", durations=Durations.live(), latency=LATENCY) as sandbox:
        yield _cloud(sandbox, tmp_path)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Cloud]:
    """Without any delay: for counting."""
    with Sandbox(tmp_path / "sandbox") as sandbox:
        yield _cloud(sandbox, tmp_path)


def test_first_deployment(slow: Cloud, results: Results) -> None:
    """From the login to the first answer; the image is there on both sides. The guide asks for no answer."""
    numbers, after = itertools.count(1), []

    def ours() -> float:
        app = f"ours{next(numbers)}"
        answered, ended = until_answered(slow, app, lambda: slow.deploy_classic(app))
        after.append(ended - answered)
        return answered

    def theirs() -> float:
        app, started = f"theirs{next(numbers)}", time.perf_counter()
        slow.classic(app, "package:1")
        return elapsed(started)

    measured, classic = alternate(ours, theirs)
    durations = Durations.live()
    results.add("deploy_vs_az", against(measured, classic, aim=0.45))
    results.add("deploy_vs_path", against(measured, [durations.plan + durations.site], aim=1.2))
    results.add("verify_quiet_s", alone(after, aim=None, unit="s"))


def test_first_deployment_with_queues(slow: Cloud, results: Results) -> None:
    """The same with a Service Bus queue trigger: beside plan, account and app there is a namespace to make."""
    numbers, after = itertools.count(1), []

    def ours() -> float:
        app = f"queues{next(numbers)}"
        run = partial(slow.deploy, app, service_bus_namespace=f"{app}-bus", **QUEUES)
        answered, ended = until_answered(slow, app, run)
        after.append(ended - answered)
        return answered

    def theirs() -> float:
        app, started = f"classic{next(numbers)}", time.perf_counter()
        slow.classic(app, "package:1", namespace=f"{app}-bus")
        return elapsed(started)

    results.add("deploy_vs_az_queue", against(*alternate(ours, theirs), aim=0.4))
    results.add("verify_quiet_queue_s", alone(after, aim=None, unit="s"))


def test_requests(quick: Cloud, results: Results) -> None:
    """What a first deployment, a new model and no change at all ask of Azure, login and verification included."""
    first: list[int] = []
    again: list[int] = []
    unchanged: list[int] = []
    writes: list[int] = []
    for number in range(RUNS):
        quick.sandbox.journal.clear()
        quick.deploy_classic(f"classic{number}")
        first.append(quick.asked())
        app = f"count{number}"
        quick.deploy(app)
        for asked in (again, unchanged):
            quick.sandbox.journal.clear()
            quick.deploy(app, weights=f"again {number}")
            asked.append(quick.asked())
        writes.append(len(quick.sandbox.journal.writes()))

    results.add("deploy_requests", alone(first, aim=32, unit="requests"))
    results.add("redeploy_requests", alone(again, aim=12, unit="requests"))
    results.add("no_change_requests_to_azure", alone(unchanged, aim=12, unit="requests"))
    results.add("no_change_writes", alone(writes, aim=0, unit="requests"))
