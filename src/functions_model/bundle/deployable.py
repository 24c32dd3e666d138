"""What a deployment must know of an image of ours: one label, that every builder writes, read where it is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions_model.bundle.functions import function_definitions
from functions_model.core.references import ImageReference, canonical_json
from functions_model.core.routes import DEFAULT_PREFIX, NO_PREFIX
from functions_model.core.spec import BlobTrigger, HttpTrigger, ServiceBusQueueTrigger, Trigger
from functions_model.image.configs import ImageConfig

VARIABLE = "FUNCTIONS_MODEL_BUILD_ID"
"""The environment variable that carries the build's identity in the image; the identity function answers with it."""
PREFIX_VARIABLE = "SERVICE_PATH_PREFIX"
"""The one that says what stands before the app's routes. The inference server writes it before those of its swagger."""
LABEL = "functions-model.deployment"
LAYOUT = 2
"""Another number: earlier versions of this tool cannot deploy the image, and say so. An image whose functions answer
below `/api`, as they once always did, still has the first one."""
_ROUTE_PREFIX = "route-prefix"
INPUTS = frozenset(
    {"trigger", "auth-level", "input-path", "output-path", "input-queue-name", "output-queue-name", _ROUTE_PREFIX}
)
"""The inputs of the making that a deployment needs, too."""
_LONGEST = 64 << 10
"""Characters of the label that are read: a blob's path has 1,024 at most, and there are two."""
_BUILD = re.compile("[0-9a-f]{32}")
_FUNCTION = re.compile("[A-Za-z][A-Za-z0-9_-]{0,126}")


class NotOurs(Exception):
    """An image that cannot be deployed as it is: why, without a full stop, and a way out."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class AppImage:
    """An image of ours as a deployment sees it, whichever run has made it.

    Attributes:
        reference: Where it is, with its digest.
        build_id: What the identity function of a live app answers.
        functions: The functions in it, the user's first.
        trigger: What starts them.
        route_prefix: What stands before their routes; empty for nothing.
    """

    reference: ImageReference
    build_id: str
    functions: tuple[str, ...]
    trigger: Trigger
    route_prefix: str = DEFAULT_PREFIX


@dataclass(frozen=True, slots=True)
class Label:
    """What the label of an image says.

    Attributes:
        build_id: The build's identity.
        functions: The functions in it.
        inputs: Those that its making has decided, by name. They are not checked yet.
    """

    build_id: str
    functions: tuple[str, ...]
    inputs: Mapping[str, str]


def deployment_label(trigger: Trigger, build_id: str, prefix: str = DEFAULT_PREFIX) -> str:
    """The label's text: JSON that follows from its arguments alone."""
    functions, own, layout = list(function_definitions(trigger)), _inputs(trigger), LAYOUT
    if prefix == DEFAULT_PREFIX:
        layout = 1
    else:
        own[_ROUTE_PREFIX] = prefix or NO_PREFIX
    document = {"build": build_id, "functions": functions, "inputs": own, "layout": layout}
    return canonical_json(document).decode()


def told_by_variables(env: Mapping[str, str]) -> tuple[str, str | None]:
    """The build of an image, and the route prefix of its functions; empty and None where it is none of ours.

    Args:
        env: The image's variables.
    """
    build = env.get(VARIABLE, "")
    return build, env.get(PREFIX_VARIABLE, DEFAULT_PREFIX) if build else None


def _inputs(trigger: Trigger) -> dict[str, str]:
    match trigger:
        case HttpTrigger(auth_level=level):
            own: dict[str, str | None] = {"auth-level": level.value}
        case BlobTrigger(input_path=source, output_path=target):
            own = {"input-path": source, "output-path": target}
        case ServiceBusQueueTrigger(input_queue=source, output_queue=target):
            own = {"input-queue-name": source, "output-queue-name": target}
    return {"trigger": trigger.kind, **{name: text for name, text in own.items() if text is not None}}


def read_label(config: ImageConfig) -> Label:
    """What the label of an image says.

    Args:
        config: The image's configuration. It comes from outside: whatever stands in it, nothing else is raised.

    Raises:
        NotOurs: The image has no such label, or one that this version does not understand.
    """
    labels, variables = _texts(config)
    label = labels.get(LABEL)
    if label is None:
        raise NotOurs(f"it has no label `{LABEL}`: another tool built it, or an older version of this one", _MAKE)
    document = _document(label)
    layout = document.get("layout")
    if type(layout) is int and layout > LAYOUT:
        what = f"its label `{LABEL}` has the layout {layout}, and this version reads {LAYOUT}: a newer one has made it"
        raise NotOurs(what, "Use the version of this tool that made the image, or a later one.")
    build, functions, inputs = document.get("build"), document.get("functions"), document.get("inputs")
    if (
        type(layout) is not int
        or not (isinstance(build, str) and _BUILD.fullmatch(build))
        or not (isinstance(functions, list) and functions and all(map(_is_function, functions)))
        or not (
            isinstance(inputs, dict)
            and {"trigger"} <= inputs.keys() <= INPUTS
            and all(isinstance(text, str) for text in inputs.values())
        )
    ):
        raise NotOurs(_BROKEN, _MAKE)
    if variables.get(VARIABLE) != build:
        what = f"its label `{LABEL}` names another build than its variable `{VARIABLE}`, so that it was changed"
        raise NotOurs(what, _MAKE)
    return Label(build, tuple(functions), inputs)


_MAKE = "Make the image with this action (`mode: package`, or a deployment), and give the digest that it puts out."
_BROKEN = f"its label `{LABEL}` is not as this tool writes it"


def _texts(config: ImageConfig) -> tuple[dict[Any, Any], dict[str, str]]:
    """Labels and variables; none where the configuration has something else in their places."""
    run = config.document.get("config")
    run = run if isinstance(run, dict) else {}
    labels, entries = run.get("Labels"), run.get("Env")
    texts = [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    return (labels if isinstance(labels, dict) else {}), dict(entry.partition("=")[::2] for entry in texts)


def _document(label: object) -> dict[str, Any]:
    if not isinstance(label, str) or len(label) > _LONGEST:
        raise NotOurs(_BROKEN, _MAKE)
    try:
        document = json.loads(label)
    except (ValueError, RecursionError) as error:
        raise NotOurs(_BROKEN, _MAKE) from error
    if not isinstance(document, dict):
        raise NotOurs(_BROKEN, _MAKE)
    return document


def _is_function(name: object) -> bool:
    return isinstance(name, str) and bool(_FUNCTION.fullmatch(name))
