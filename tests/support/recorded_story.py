"""The deployments that are recorded: two stories, each in a sandbox of its own, side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from azure_sandbox.endpoints import LOCATION
from azure_sandbox.sandbox import Sandbox
from support.deployer import Deployer
from support.keys_registry import registry_with_admin
from support.recording import Recorder, Step

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = "3.11"
"""The recorded images are for it."""
PINS = Path(__file__).parents[1] / "e2e" / "golden" / "recording-requirements.txt"
"""Every package of the environment: a release of one of them is no change of ours."""
_WEIGHTS, _SCRIPT = "model/weights.txt", "src/score.py"
_RAISES = ("    global model\n", "    raise ValueError('the weights are torn')\n")
_STAGING = {"slot_name": "staging"}
_STORE = "store0of0theirs"
_THEIRS = {"plan_name": "theirs-plan", "storage_account": _STORE}
"""Of the app that is adopted."""


STEPS = (
    *("first", "again", "plan", "model changed", "undo", "package", "slot", "swap", "destroy slot", "destroy"),
    *("keys", "blob", "queue", "adopt", "swap of an adopted app"),
)


class Story:
    """Runs that go on from one another.

    Args:
        sandbox: Where they are deployed to.
        folder: For the sandbox and the workspaces.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.recorder = sandbox, Recorder(sandbox)
        self._folder = folder

    def deployer(self, app: str) -> Deployer:
        """The echo project with pinned packages."""
        made = Deployer(self.sandbox, self._folder / app, app)
        # Files of uv's own cache may have been changed: it links them into environments, where some machines add their
        # certificate authority to certifi's.
        made.environ["UV_CACHE_DIR"] = str(self._folder / "uv-cache")
        (made.folder / "requirements.txt").write_text(PINS.read_text())
        return made

    def step(self, name: str, deployer: Deployer, code: int = 0, /, **inputs: str) -> None:
        """One run, which ends with that code."""
        # It is read to say what went wrong, and to hear a trigger's listener.
        reads_log = bool(code) or "trigger" in inputs
        run = self.recorder.record(name, lambda: deployer.run(**inputs), reads_log=reads_log)
        assert run.code == code, run.log


def record(folder: Path) -> dict[str, Step]:
    """Record every step of every story.

    Args:
        folder: Everything temporary.
    """
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(_tell, story, folder / name) for name, story in _STORIES.items()]
        return {name: step for one in told for name, step in one.result().items()}


def _tell(story: Callable[[Story], None], folder: Path) -> dict[str, Step]:
    # Apps as processes: their base is the same with and without a container engine.
    with Sandbox(folder / "sandbox", engine="process") as sandbox:
        told = Story(sandbox, folder)
        story(told)
        return told.recorder.steps()


def _one_app(story: Story) -> None:
    app = story.deployer("recorded")
    story.step("first", app)
    story.step("again", app)
    weights, script = app.folder / _WEIGHTS, app.folder / _SCRIPT
    weights.write_text("second")
    story.step("plan", app, mode="plan")
    story.step("model changed", app)
    works = script.read_text()
    script.write_text(works.replace(*_RAISES))
    story.step("undo", app, 8, app_settings="GREETING=a-secret-word")
    script.write_text(works)
    story.step("package", app, mode="package", image_name="alone", image_tag="v1")
    weights.write_text("third")
    story.step("slot", app, **_STAGING)
    story.step("swap", app, **_STAGING, swap="true")
    story.step("destroy slot", app, **_STAGING, mode="destroy")
    story.step("destroy", app, mode="destroy")


def _other_apps(story: Story) -> None:
    keys = story.deployer("recorded-keys")
    story.step("keys", keys, access="keys", registry=registry_with_admin(story.sandbox, "keysregistry"))
    blob = story.deployer("recorded-blob")
    paths = {"input_path": "input/{name}.json", "output_path": "output/{name}.json"}
    story.step("blob", blob, trigger="blob", **paths)
    queue = story.deployer("recorded-queue")
    queues = {"input_queue_name": "requests", "output_queue_name": "answers"}
    story.step("queue", queue, trigger="service-bus-queue", **queues)
    theirs = story.deployer("theirs")
    make_theirs(story.sandbox, theirs)
    story.step("adopt", theirs, **_THEIRS)
    (theirs.folder / _WEIGHTS).write_text("second")
    story.step("swap of an adopted app", theirs, **_THEIRS, **_STAGING, swap="true")


_STORIES: dict[str, Callable[[Story], None]] = {"one": _one_app, "others": _other_apps}


def make_theirs(sandbox: Sandbox, theirs: Deployer) -> None:
    """An app that somebody else made, with settings, a connection string and a mount of its own."""
    group = f"/subscriptions/{sandbox.subscription_id}/resourcegroups/{theirs.group}"
    place, provider = {"location": LOCATION}, f"{group}/providers/Microsoft"
    site, account = f"{provider}.Web/sites/{theirs.app}", f"{provider}.Storage/storageAccounts/{_STORE}"
    plan = f"{provider}.Web/serverfarms/theirs-plan"
    _put(sandbox, group, place)
    _put(sandbox, plan, {**place, "kind": "linux", "sku": {"name": "P1v3"}, "properties": {"reserved": True}})
    _put(sandbox, account, {**place, "kind": "StorageV2", "sku": {"name": "Standard_GRS"}})
    kept = {"FUNCTIONS_EXTENSION_VERSION": "~4", "AzureWebJobsStorage": _connection(sandbox), "THEIR_OWN": "kept"}
    config = {"appSettings": [{"name": name, "value": value} for name, value in kept.items()]}
    properties = {"serverFarmId": plan, "reserved": True, "siteConfig": config}
    _put(sandbox, site, {**place, "kind": "functionapp,linux,container", "properties": properties})
    _put(sandbox, f"{site}/config/connectionstrings", {"properties": {"DB": {"value": "Server=db", "type": "Custom"}}})
    mount = {"type": "AzureFiles", "accountName": "theirs", "shareName": "models", "mountPath": "/models"}
    _put(sandbox, f"{site}/config/azurestorageaccounts", {"properties": {"models": {**mount, "accessKey": "a2V5"}}})


def _connection(sandbox: Sandbox) -> str:
    found = sandbox.arm.accounts.find(_STORE)
    assert found
    ends = "".join(f";{name.title()}Endpoint={url}" for name, url in found.properties["primaryEndpoints"].items())
    key = sandbox.arm.accounts.keys(_STORE)[0]
    return f"DefaultEndpointsProtocol=https;AccountName={_STORE};AccountKey={key}{ends}"


def _put(sandbox: Sandbox, path: str, body: dict[str, Any]) -> None:
    ends = sandbox.endpoints
    token = sandbox.directory.issue_token(ends.client_id, "https://management.azure.com")
    answer = requests.put(
        f"{ends.resource_manager}{path}?api-version=2022-03-01",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        verify=str(ends.ca_file),
        timeout=60,
    )
    answer.raise_for_status()
