"""How the live function is used: lines for a shell, by trigger. No key is ever among them."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from functions_model.core.blob_paths import parse_blob_path
from functions_model.core.names import CANDIDATE
from functions_model.core.spec import (
    AuthLevel,
    BlobTrigger,
    DeploymentSpec,
    HttpTrigger,
    ServiceBusQueueTrigger,
    Target,
)
from functions_model.hosting.known_hosts import host_of
from functions_model.report.pasting import apart, pasted, quoted
from functions_model.verify import Verified
from functions_model.verify.scoring import content_type as sample_type

PAGE = 100
"""Columns of a code block on the page of a run that one sees without scrolling sideways."""
_SEND = """\
pip install azure-identity azure-servicebus
python - {sample} <<'END'
import sys
from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient, ServiceBusMessage

with ServiceBusClient("{namespace}.{suffix}", DefaultAzureCredential()) as client:
    with client.get_queue_sender("{queue}") as sender:
        sender.send_messages(ServiceBusMessage(open(sys.argv[1], "rb").read(), content_type="{content_type}"))
END"""


_WHOLE = "# Other clients: send a Content-Length. The Functions host drops bodies that come in chunks (status 411)."
_SERVICE_BUS = {
    "AzureUSGovernment": "servicebus.usgovcloudapi.net",
    "AzureChinaCloud": "servicebus.chinacloudapi.cn",
}
"""https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure."""


def how_to_call(
    spec: DeploymentSpec, target: Target, verified: Verified, candidate: str = "", *, columns: int = PAGE
) -> list[str]:
    """Lines for a shell.

    Args:
        spec: What was deployed.
        target: Where.
        verified: Its addresses.
        candidate: What beside the app was deployed to; empty for the app itself.
        columns: How wide a line may be.
    """
    if candidate and not isinstance(spec.trigger, HttpTrigger):
        return _check(spec, target, verified, candidate, columns)
    match spec.trigger:
        case HttpTrigger(auth_level):
            return _http(spec, verified, _keys(target, auth_level, candidate), columns)
        case BlobTrigger() as trigger:
            return _blob(spec, target, trigger, columns)
        case ServiceBusQueueTrigger() as trigger:
            text = _SEND.format(
                sample=shlex.quote(_sample(spec)),
                namespace=target.resources.service_bus_namespace,
                suffix=_SERVICE_BUS.get(spec.login.cloud if spec.login else "", "servicebus.windows.net"),
                queue=trigger.input_queue,
                content_type=content_type(spec),
            )
            lines = text.splitlines()
            return (
                [*lines, f"# The answer arrives in the queue {trigger.output_queue}."]
                if trigger.output_queue
                else lines
            )


def _check(spec: DeploymentSpec, target: Target, verified: Verified, candidate: str, columns: int) -> list[str]:
    """Its own trigger is off, so that the app gets all the work; its check function scores all the same."""
    off = f"# The trigger is off in the {CANDIDATE}, and on in the app. The check function scores what it is sent:"
    return [off, *_http(spec, verified, _keys(target, AuthLevel.ADMIN, candidate), columns)]


def _keys(target: Target, level: AuthLevel, candidate: str) -> str:
    """The command that gives the key; empty where none is needed."""
    if level is AuthLevel.ANONYMOUS:
        return ""
    key = "masterKey" if level is AuthLevel.ADMIN else "functionKeys.default"
    return f"KEY=$({host_of(target).commands.keys(target.names.at(candidate), key)})"


def _http(spec: DeploymentSpec, verified: Verified, keys: str, columns: int) -> list[str]:
    header = ['-H "x-functions-key: $KEY"'] if keys else []
    sample, url = shlex.quote(f"@{_sample(spec)}"), shlex.quote(verified.scoring_url)
    body = [f'-H "Content-Type: {content_type(spec)}"', f"--data-binary {sample}", url]
    asked = pasted(apart(keys), columns) if keys else []
    return [*asked, *pasted(["curl", *header, *body], columns), _WHOLE]


def _blob(spec: DeploymentSpec, target: Target, trigger: BlobTrigger, columns: int) -> list[str]:
    account = ["--auth-mode", "login", "--account-name", str(target.resources.data_storage_account)]
    container, name = blob_example(trigger.input_path, _sample(spec))
    put = ["--container-name", container, "--name", name, "--file", _sample(spec)]
    lines = pasted(["az storage blob upload", *quoted([*account, *put])], columns)
    if trigger.output_path:
        there = ["--container-name", blob_example(trigger.output_path)[0], "-o", "table"]
        lines += pasted(["az storage blob list", *quoted([*account, *there])], columns)
    return lines


def blob_example(path: str, sample: str = "sample.json") -> tuple[str, str]:
    """A container and a blob's name that fit the path.

    Args:
        path: `input/{name}.{ext}`. Settings stay as `%NAME%`, and what the host makes itself as `{rand-guid}`.
        sample: A file's name; its ending is what a parameter called `ext` or `extension` stands for.
    """
    container, _, name = path.strip().lstrip("/").partition("/")
    ending = PurePosixPath(sample).suffix.lstrip(".") or "json"
    for parameter in parse_blob_path(path).parameters:
        name = name.replace(f"{{{parameter}}}", ending if parameter.lower() in {"ext", "extension"} else "sample")
    return container, name.replace("{{", "{").replace("}}", "}")


def content_type(spec: DeploymentSpec) -> str:
    """Of the sample request, as `verify` sends it."""
    return sample_type(spec.sample_request or PurePosixPath("request.json"))


def _sample(spec: DeploymentSpec) -> str:
    return spec.sample_request.relative_to(spec.workspace).as_posix() if spec.sample_request else "request.json"
