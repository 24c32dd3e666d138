"""Small projects behind each trigger, and the other ends of those triggers: blobs and messages, by Azure's clients."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from azure_sandbox.arm.authorization.definitions import SERVICE_BUS_DATA_OWNER
from azure_sandbox.service_bus.claims import AUDIENCE
from azure_sandbox.storage_gate.judge import AUDIENCE as STORAGE_AUDIENCE
from support.deployment import Run, run_action
from support.service_bus import FixedToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

T = TypeVar("T")

BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
QUEUE_DATA_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"

TEXT_SCRIPT = """\
import json


def init():
    print("ready")


def run(raw_data, request_headers):
    data = json.loads(raw_data)
    if data.get("boom"):
        raise ValueError("asked to break")
    kept = {name.lower(): value for name, value in request_headers.items()}
    return {"got": data, "color": kept.get("color") or kept.get("x-ms-meta-color")}
"""
"""Text in, JSON out. It raises when it is asked to, and shows a header that the trigger's metadata becomes."""

RAW_SCRIPT = """\
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse


def init():
    pass


@rawhttp
def run(request):
    return AMLResponse(request.get_data(False)[::-1], 200, {"Content-Type": "application/octet-stream"})
"""
"""Bytes in, the same bytes backwards out."""

QUEUES = {"trigger": "service-bus-queue", "input_queue_name": "input", "output_queue_name": "output"}
"""Inputs for a queue trigger, but for the namespace."""


def write_project(folder: Path, script: str) -> dict[str, str]:
    """A project without a model; the inputs that describe it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "score.py").write_text(script)
    return {"model-path": "[]", "entry-script": "score.py"}


def deploy(sandbox: Sandbox, folder: Path, script: str, app: str, **inputs: str) -> Run:
    """Deploy the script; keywords are inputs. The run has succeeded."""
    names = {"app-name": app, "resource-group": f"{app}-group"}
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    project = write_project(folder, script)
    endpoints = sandbox.endpoints
    run = run_action(folder, {**endpoints.inputs(), **project, **names, **given}, endpoints.environ())
    assert run.code == 0, run.log
    return run


def namespace_token(sandbox: Sandbox, namespace: str) -> tuple[str, FixedToken]:
    """Where a namespace is, and the login's own token for it, as the namespaces that we make take no keys."""
    found = sandbox.arm.service_bus.find(namespace)
    assert found
    login = sandbox.directory.principal_of_client(sandbox.endpoints.client_id)
    assert login
    sandbox.roles.grant(login.object_id, SERVICE_BUS_DATA_OWNER, str(found.id))
    host = str(found.properties["serviceBusEndpoint"]).removeprefix("https://").rstrip("/")
    return host, FixedToken(sandbox.directory.issue_token(login.client_id, AUDIENCE))


def account_token(sandbox: Sandbox, account: str) -> FixedToken:
    """The login's own token for an account's blobs and queues, as the accounts that we make take no keys."""
    found = sandbox.arm.accounts.find(account)
    login = sandbox.directory.principal_of_client(sandbox.endpoints.client_id)
    assert found
    assert login
    for role in (BLOB_DATA_OWNER, QUEUE_DATA_CONTRIBUTOR):
        sandbox.roles.grant(login.object_id, role, str(found.id))
    return FixedToken(sandbox.directory.issue_token(login.client_id, STORAGE_AUDIENCE))


def eventually(read: Callable[[], T | None], *, seconds: float = 60) -> T:
    """What `read` gives as soon as it gives anything but None."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := read()) is not None:
            return found
        time.sleep(0.05)
    message = f"nothing came within {seconds} s"
    raise AssertionError(message)


def blob_or_none(client: Any, container: str, name: str) -> bytes | None:
    """A blob's content; None while there is no such blob."""
    blob = client.get_blob_client(container, name)
    return bytes(blob.download_blob().readall()) if blob.exists() else None
