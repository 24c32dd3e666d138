"""Blob and Service Bus bindings as the host indexes them: checked, with settings in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .binding_paths import PathInvalid, check_trigger_path, parse_template, resolve_settings, split_blob_path
from .connections import Connection, find_connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HTTP, BLOB_TRIGGER, QUEUE_TRIGGER, BLOB, QUEUE = "httptrigger", "blobtrigger", "servicebustrigger", "blob", "servicebus"
WARMUP = "warmuptrigger"
"""Of the host itself: Azure/azure-functions-host, ScriptHostBuilderExtensions.cs:225."""
_OUTPUTS = frozenset({"http", BLOB, QUEUE})
_BLOBS = "Microsoft.Azure.WebJobs.Extensions.Storage.Blobs"
_BUS = "Microsoft.Azure.WebJobs.ServiceBus"


@dataclass(frozen=True, slots=True)
class Binding:
    """A blob or a queue that a function takes or gives.

    Attributes:
        name: The parameter, or `$return`.
        kind: `blobtrigger`, `servicebustrigger`, `blob` or `servicebus`.
        place: The path `container/blob`, or the queue's name; settings are in their place, expressions are not.
        text: Whether the function gets text; bytes otherwise.
        connection: How to get there.
    """

    name: str
    kind: str
    place: str
    text: bool
    connection: Connection

    def to_json(self) -> dict[str, Any]:
        """For the way to the listeners."""
        return {
            "name": self.name,
            "kind": self.kind,
            "place": self.place,
            "text": self.text,
            "connection": self.connection.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Triggered:
    """A function that a listener calls.

    Attributes:
        name: The function's.
        trigger: Where its input comes from.
        outputs: Where its outputs go.
    """

    name: str
    trigger: Binding
    outputs: tuple[Binding, ...]

    def to_json(self) -> dict[str, Any]:
        """For the way to the listeners."""
        outputs = [binding.to_json() for binding in self.outputs]
        return {"name": self.name, "trigger": self.trigger.to_json(), "outputs": outputs}


def triggered_from_json(told: dict[str, Any]) -> Triggered:
    """What `to_json` gave."""
    return Triggered(told["name"], _binding(told["trigger"]), tuple(_binding(one) for one in told["outputs"]))


def check_bindings(
    name: str, bindings: Sequence[dict[str, Any]], environ: Mapping[str, str]
) -> tuple[Triggered | None, tuple[str, ...]]:
    """The function's listener and outputs, and why it cannot be indexed.

    Args:
        name: The function's.
        bindings: Those of function.json.
        environ: App settings.

    Returns:
        None beside no error when its trigger is HTTP or the host's own, or when it has none.
    """
    kinds = [str(binding.get("type", "")).lower() for binding in bindings]
    trigger = next((index for index, kind in enumerate(kinds) if kind.endswith("trigger")), None)
    if trigger is None:
        return None, ()
    errors = _unknown(bindings, kinds, trigger)
    read: list[Binding] = []
    for index, (kind, binding) in enumerate(zip(kinds, bindings, strict=True)):
        if kind in {BLOB_TRIGGER, QUEUE_TRIGGER, BLOB, QUEUE} and not errors:
            try:
                made = _read(kind, binding, environ)
            except PathInvalid as invalid:
                library = _BLOBS if kind in {BLOB_TRIGGER, BLOB} else _BUS
                errors.append(_indexing(name, f"{library}: {invalid}"))
            else:
                read.insert(0 if index == trigger else len(read), made)
    if errors or kinds[trigger] in {HTTP, WARMUP}:
        return None, tuple(errors)
    return Triggered(name, read[0], tuple(read[1:])), ()


def _unknown(bindings: Sequence[dict[str, Any]], kinds: list[str], trigger: int) -> list[str]:
    """What the sandbox cannot run, each with a reason."""
    errors = []
    for index, (kind, binding) in enumerate(zip(kinds, bindings, strict=True)):
        out = str(binding.get("direction", "in")).lower() == "out"
        if index == trigger:
            known = kind in {HTTP, BLOB_TRIGGER, QUEUE_TRIGGER, WARMUP}
        elif kinds[trigger] == HTTP:
            known = kind == "http" and out
        else:
            known = kind in _OUTPUTS and kind != "http" and out
        if not known:
            shown = binding.get("type", "")
            place = "beside an HTTP trigger" if kind in _OUTPUTS else "in the sandbox"
            errors.append(f"The binding type(s) '{shown}' are not registered {place}.")
    trigger_binding = bindings[trigger]
    errors += [
        f"The sandbox has no '{key}': its triggers take queues without sessions."
        for key in ("topicName", "subscriptionName", "isSessionsEnabled")
        if trigger_binding.get(key)
    ]
    if str(trigger_binding.get("cardinality", "one")).lower() != "one":
        errors.append("The sandbox gives one message per call: cardinality 'many' is not there.")
    return errors


def _read(kind: str, binding: dict[str, Any], environ: Mapping[str, str]) -> Binding:
    storage = kind in {BLOB_TRIGGER, BLOB}
    key = "path" if storage else "queueName"
    place = resolve_settings(str(binding.get(key) or ""), environ)
    if not place:
        message = f"The binding '{binding.get('name', '')}' has no '{key}'."
        raise PathInvalid(message)
    if kind == BLOB_TRIGGER:
        check_trigger_path(place)
    elif kind == BLOB:
        split_blob_path(place)
    else:
        parse_template(place)
    text = str(binding.get("dataType") or "string").lower() == "string"
    return Binding(str(binding.get("name", "")), kind, place, text, _connection(binding, environ, storage=storage))


def _connection(binding: dict[str, Any], environ: Mapping[str, str], *, storage: bool) -> Connection:
    name = str(binding.get("connection") or ("Storage" if storage else "ServiceBus"))
    found = find_connection(name, environ)
    if found is not None:
        return found
    if storage:
        message = (
            f"Storage account connection string 'AzureWebJobs{name.removeprefix('AzureWebJobs')}' does not exist. "
            "Make sure that it is a defined App Setting."
        )
    else:
        message = f"Microsoft Azure WebJobs SDK ServiceBus connection string '{name}' is missing or empty."
    raise PathInvalid(message)


def _indexing(name: str, problem: str) -> str:
    return f"Microsoft.Azure.WebJobs.Host: Error indexing method 'Functions.{name}'. {problem}"


def _binding(told: dict[str, Any]) -> Binding:
    return Binding(**{**told, "connection": Connection(**told["connection"])})
