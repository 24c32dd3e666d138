"""The functions of the app: each one's function.json, by trigger."""

from __future__ import annotations

from typing import Any, TypeAlias

from functions_model.core.spec import AuthLevel, BlobTrigger, HttpTrigger, ServiceBusQueueTrigger, Trigger

CONNECTION = "TriggerConnectionString"
"""The app setting, or the prefix of the settings, by which the host reaches blobs and queues."""
WITHOUT_OUTPUT = "without_output"
"""The payload's function that gives nothing back: workers refuse a result that no binding takes."""

Definition: TypeAlias = dict[str, Any]
"""A function.json."""


def function_definitions(trigger: Trigger) -> dict[str, Definition]:
    """Each function's name and function.json, without `scriptFile`."""
    identity = {"identity": _http("identity", ("get",), AuthLevel.ANONYMOUS)}
    match trigger:
        case HttpTrigger():
            return _http_functions(trigger) | identity
        case BlobTrigger():
            return {"score": _blob_function(trigger)} | _check_function() | identity
        case ServiceBusQueueTrigger():
            return {"score": _queue_function(trigger)} | _check_function() | identity


def script_of(function: str, trigger: Trigger) -> str:
    """The payload's file behind a function: what scores depends on the trigger, the other functions do not."""
    if function != "score" or isinstance(trigger, HttpTrigger):
        return f"{function}.py"
    return "score_blob.py" if isinstance(trigger, BlobTrigger) else "score_message.py"


def _http_functions(trigger: HttpTrigger) -> dict[str, Definition]:
    return {
        "score": _http("score", ("get", "post"), trigger.auth_level),
        "swagger": _http("swagger.json", ("get",), trigger.auth_level),
    }


def _check_function() -> dict[str, Definition]:
    """`init()` can be run, and a sample scored, over HTTP, by those alone who hold the host's master key."""
    return {"check": _http("check", ("get", "post"), AuthLevel.ADMIN)}


def _blob_function(trigger: BlobTrigger) -> Definition:
    read = _binding("blobTrigger", "in", "blob", path=trigger.input_path)
    if trigger.output_path is None:
        return {"entryPoint": WITHOUT_OUTPUT, "bindings": [read]}
    return {"bindings": [read, _binding("blob", "out", "$return", path=trigger.output_path)]}


def _queue_function(trigger: ServiceBusQueueTrigger) -> Definition:
    read = _binding("serviceBusTrigger", "in", "message", queueName=trigger.input_queue, cardinality="one")
    if trigger.output_queue is None:
        return {"entryPoint": WITHOUT_OUTPUT, "bindings": [read]}
    return {"bindings": [read, _binding("serviceBus", "out", "$return", queueName=trigger.output_queue)]}


def _binding(kind: str, direction: str, name: str, **target: str) -> Definition:
    """`binary`, or the host would decode the bytes as text on their way."""
    return {
        "type": kind,
        "direction": direction,
        "name": name,
        **target,
        "connection": CONNECTION,
        "dataType": "binary",
    }


def _http(route: str, methods: tuple[str, ...], auth_level: AuthLevel) -> Definition:
    trigger = {
        "type": "httpTrigger",
        "direction": "in",
        "name": "req",
        "route": route,
        "methods": list(methods),
        "authLevel": auth_level.value,
    }
    return {"bindings": [trigger, {"type": "http", "direction": "out", "name": "$return"}]}
