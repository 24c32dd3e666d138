"""One invocation: call the function, write its outputs, and tell the host's log how it ended."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from azure_sandbox.apps.service_bus_access import NamespaceRefused
from azure_sandbox.apps.storage_accounts import StorageRefused
from azure_sandbox.functions_host.binding_paths import PathInvalid

if TYPE_CHECKING:
    from azure_sandbox.apps.host_client import HostClient
    from azure_sandbox.apps.listeners.outputs import Outputs
    from azure_sandbox.functions_host.triggers import Triggered


class InvocationFailed(Exception):
    """The function failed, or its outputs could not be written. The log has told it already."""


@dataclass(frozen=True, slots=True)
class Event:
    """What triggers a function.

    Attributes:
        body: The blob's or the message's bytes.
        metadata: What the worker is told beside it: a name, and `string` or `json` with a text.
        values: What binding expressions may name.
        reason: For the log.
        details: More for the log; may be empty.
    """

    body: bytes
    metadata: dict[str, tuple[str, str]]
    values: dict[str, Any]
    reason: str
    details: str = ""


class Caller:
    """Calls functions of one host.

    Args:
        host: The host.
        outputs: Writes what functions give.
    """

    def __init__(self, host: HostClient, outputs: Outputs) -> None:
        self._host = host
        self._outputs = outputs

    def call(self, function: Triggered, event: Event) -> None:
        """Call a function and write what it gives.

        Raises:
            InvocationFailed: It failed.
            HostGone: The host went away meanwhile.
        """
        invocation, began = str(uuid.uuid4()), time.monotonic()
        error = self._try(function, event, invocation)
        took = int((time.monotonic() - began) * 1000)
        outcome = f"{'Failed' if error else 'Succeeded'}, Id={invocation}, Duration={took}ms"
        text = f"Executed 'Functions.{function.name}' ({outcome})" + (f"\n{error}" if error else "")
        self._host.write_log("ERROR" if error else "INFO", f"Function.{function.name}", text)
        if error:
            raise InvocationFailed(error)

    def _try(self, function: Triggered, event: Event, invocation: str) -> str:
        """Why it failed; an empty text when it did not."""
        if event.details:
            self._host.write_log("INFO", f"Function.{function.name}", f"Trigger Details: {event.details}")
        head = {
            "invocation": invocation,
            "reason": event.reason,
            "text": function.trigger.text,
            "metadata": event.metadata,
        }
        answer, content = self._host.invoke(function.name, head, event.body)
        if answer["error"]:
            return str(answer["error"])
        values = {**_fields(event.body, text=function.trigger.text), **event.values}
        at, given = 0, {}
        for name, kind, length in answer["outputs"]:
            given[name] = (kind == "string", content[at : at + length])
            at += length
        return self._write(function, given, values, invocation)

    def _write(
        self, function: Triggered, given: dict[str, tuple[bool, bytes]], values: dict[str, Any], invocation: str
    ) -> str:
        for output in function.outputs:
            if output.name not in given:
                continue
            text, content = given[output.name]
            try:
                self._outputs.write(output, content, values, function=function.name, invocation=invocation, text=text)
            except (AzureError, StorageRefused, NamespaceRefused, PathInvalid, OSError, ValueError) as error:
                parameter = output.name.replace("$return", "_return")
                return f"Error while handling parameter {parameter} after function returned: {error}"
        return ""


def _fields(body: bytes, *, text: bool) -> dict[str, Any]:
    """What expressions may name of a text that is a JSON object, as in the real host."""
    if not text or not body.lstrip().startswith(b"{"):
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
