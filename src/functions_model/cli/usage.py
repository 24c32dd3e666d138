"""After a folder was deployed to the sandbox: use its trigger once, and say how to do that by hand."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import resolve_cloud
from functions_model.azure.login import credential_for
from functions_model.ci import detect
from functions_model.cli.once import Ending
from functions_model.cli.sandbox import RunningSandbox
from functions_model.cli.triggers import BlobDoor, Door, QueueDoor
from functions_model.core.spec import BlobTrigger, DeploymentSpec, HttpTrigger, ServiceBusQueueTrigger, Target
from functions_model.report.calling import content_type


def show_usage(ending: Ending, sandbox: RunningSandbox) -> None:
    """Write it to standard output.

    Args:
        ending: A run that succeeded.
        sandbox: Where it was deployed to.
    """
    spec = ending.spec
    if not isinstance(spec, DeploymentSpec) or spec.target is None:
        return
    if isinstance(spec.trigger, HttpTrigger):
        lines = _http(spec, ending, sandbox)
    else:
        lines = _other(spec, spec.target, sandbox)
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()


def _http(spec: DeploymentSpec, ending: Ending, sandbox: RunningSandbox) -> list[str]:
    command = [
        *("curl", "--cacert", sandbox.ca_file, "--header", f"Content-Type: {content_type(spec)}"),
        *("--data-binary", f"@{spec.sample_request or 'request.json'}"),
        ending.verified.scoring_url,
    ]
    return ["Call it:", f"  {shlex.join(command)}"]


def _other(spec: DeploymentSpec, target: Target, sandbox: RunningSandbox) -> list[str]:
    """Put the sample through the trigger itself, with the keys that the sandbox's Resource Manager gives."""
    with _clients(spec, target, sandbox) as clients:
        door = _door(spec, target, clients, sandbox.ca_file)
    lines = [*door.exchange(spec.sample_request), ""] if spec.sample_request else []
    return [*lines, *door.by_hand(str(spec.sample_request or "request.json"))]


def _door(spec: DeploymentSpec, target: Target, clients: AzureClients, ca_file: str) -> Door:
    if isinstance(spec.trigger, BlobTrigger):
        return BlobDoor.open(spec.trigger, target, clients, ca_file)
    if isinstance(spec.trigger, ServiceBusQueueTrigger):
        return QueueDoor.open(spec, spec.trigger, clients)
    raise TypeError("an HTTP trigger is called by its URL")


@contextmanager
def _clients(spec: DeploymentSpec, target: Target, sandbox: RunningSandbox) -> Iterator[AzureClients]:
    if spec.login is None:
        raise TypeError("a deployment has a login")
    cloud = resolve_cloud(spec.login.cloud)
    with (
        closing(credential_for(spec.login, cloud, detect(sandbox.environ, sys.stderr))) as credential,
        closing(AzureClients(credential, target.names.subscription, cloud)) as clients,
    ):
        yield clients
