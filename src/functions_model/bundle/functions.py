"""The functions of the app: each one's function.json, by trigger."""

from __future__ import annotations

from typing import Any, TypeAlias

from functions_model.core.spec import AuthLevel, BlobTrigger, HttpTrigger, ServiceBusQueueTrigger, Trigger

CONNECTION = "TriggerConnectionString"
"""The app setting, or the prefix of the settings, by which the host reaches blobs and queues."""
WARMUP = "warmup"
"""The function that loads the model on an instance that is added."""
WITHOUT_OUTPUT = "without_output"
"""The payload's function that gives nothing back: workers refuse a result that no binding takes."""

Definition: TypeAlias = dict[str, Any]
"""A function.json."""


def function_definitions(trigger: Trigger) -> dict[str, Definition]:
    """Each function's name and function.json, without `scriptFile`."""
    identity = {"identity": _http("identity", ("get",), AuthLevel.ANONYMOUS)}
    # Those alone who hold the host's master key run `init()` by it, score a sample, and ask what the script raised.
    check = {"check": _http("check", ("get", "post"), AuthLevel.ADMIN)}
    # The trigger is the host's own, and is found by this name: azure-functions-host, ScriptJobHostExtensions.cs. Plans
    # that add no warm instances never call it.
    warmup = {WARMUP: {"bindings": [{"type": "warmupTrigger", "direction": "in", "name": "warmup"}]}}
    match trigger:
        case HttpTrigger(auth_level=level):
            # Two functions on one route, told apart by their methods: azure-functions-host,
            # WebScriptHostHttpRoutesManager.cs. Browsers ask without a key.
            beside = {
                "swagger": _http("swagger.json", ("get",), level),
                "cors": _http("score", ("options",), AuthLevel.ANONYMOUS),
            }
            return {"score": _http("score", ("get", "post"), level)} | beside | check | identity | warmup
        case BlobTrigger(input_path=source, output_path=target):
            read = _binding("blobTrigger", "in", "blob", path=source)
            answer = _binding("blob", "out", "$return", path=target) if target is not None else None
        case ServiceBusQueueTrigger(input_queue=source, output_queue=target):
            read = _binding("serviceBusTrigger", "in", "message", queueName=source, cardinality="one")
            answer = _binding("serviceBus", "out", "$return", queueName=target) if target is not None else None
    score = {"bindings": [read, answer]} if answer else {"entryPoint": WITHOUT_OUTPUT, "bindings": [read]}
    return {"score": score} | check | identity | warmup


def script_of(function: str, trigger: Trigger) -> str:
    """The payload's file behind a function: what scores depends on the trigger, the other functions do not."""
    if function != "score" or isinstance(trigger, HttpTrigger):
        return f"{function}.py"
    return "score_blob.py" if isinstance(trigger, BlobTrigger) else "score_message.py"


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
