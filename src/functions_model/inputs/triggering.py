"""The inputs that say what starts the function, and how it is called: their entries in the catalogue."""

from __future__ import annotations

from functions_model.core.spec import AuthLevel
from functions_model.inputs.specs import (
    BLOB,
    CREATED,
    HTTP,
    NAMING,
    QUEUE,
    SERVICE_BUS_SKUS,
    TRIGGERS,
    WITH_AZURE,
    InputSpec,
    a_choice,
    a_name,
    a_number,
    a_path,
    a_text,
)

ENTRIES: tuple[InputSpec, ...] = (
    a_choice("trigger", "What starts the function.", derived=f"`{HTTP}`", choices=TRIGGERS, of_image=True),
    a_choice(
        "auth-level",
        "Who may call the function: everybody, holders of its key, or holders of the host's master key.",
        derived="`function`",
        choices=tuple(AuthLevel),
        triggers=(HTTP,),
        of_image=True,
    ),
    a_text(
        "route-prefix",
        "What stands before the paths of all functions: `models/churn` has requests scored at `/models/churn/score`,"
        " and `none` at `/score`.",
        derived="that of your `host.json`, else `api`",
        metavar="PATH",
        of_image=True,
    ),
    a_number(
        "concurrency",
        "How many requests, blobs or messages one worker process scores at the same time. More than 1 needs a `run()`"
        " that several threads may call at once, and helps if it waits rather than computes.",
        derived="`1`",
        of_image=True,
    ),
    a_path(
        "host-json",
        "Your own `host.json`. It is merged over the generated one.",
        derived="the source directory's `host.json`, if there is one",
        of_image=True,
    ),
    a_text(
        "input-path",
        "The blobs to score: container and name, with names in braces for what varies: `input/{blobname}.json`.",
        triggers=(BLOB,),
        required_when="with `trigger: blob`",
        metavar="CONTAINER/NAME",
        of_image=True,
    ),
    a_text(
        "output-path",
        "The blob for the answer: `output/{blobname}_out.json`. Without it, answers are dropped.",
        triggers=(BLOB,),
        metavar="CONTAINER/NAME",
        of_image=True,
    ),
    a_name(
        "data-storage-account",
        "The storage account with the containers of `input-path` and `output-path`." + CREATED,
        modes=NAMING,
        derived="the app's name, `data` and a hash",
        triggers=(BLOB,),
    ),
    a_name(
        "input-queue-name",
        "The queue with the messages to score.",
        triggers=(QUEUE,),
        required_when="with `trigger: service-bus-queue`",
        of_image=True,
    ),
    a_name(
        "output-queue-name",
        "The queue for the answers. Without it, answers are dropped.",
        triggers=(QUEUE,),
        of_image=True,
    ),
    a_name(
        "service-bus-namespace",
        "The Service Bus namespace with the queues." + CREATED,
        modes=NAMING,
        derived="`<app-name>-bus-` and a hash",
        triggers=(QUEUE,),
    ),
    a_choice(
        "service-bus-sku",
        "The tier of a new Service Bus namespace.",
        modes=WITH_AZURE,
        derived="`Standard`",
        choices=SERVICE_BUS_SKUS,
        triggers=(QUEUE,),
    ),
)
