"""The SDK's models, made ready before several threads use them."""

from __future__ import annotations

import sys


def make_ready(client: type) -> None:
    """Let each model of a client's package work out its fields, in one thread.

    By itself a model does so when the first one is made, and marks itself as having models in its fields before it can
    read them (azure-sdk-for-python, the generated `_utils/model_base.py`, `Model.__new__` and
    `_get_deserialize_callable_from_annotation`): what another thread reads in between is a dictionary instead of a
    model. Takes up to 0.1 s, once for each client.

    Args:
        client: A management client's class, in a module of its package.
    """
    # Clients with models of this kind have loaded them. Others load theirs by API version, and need none of this.
    models = sys.modules.get(f"{client.__module__.rpartition('.')[0]}.models")
    for model in vars(models).values() if models else ():
        if hasattr(model, "_calculated"):
            model.__new__(model)
