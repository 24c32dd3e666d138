"""A container engine: Dockerfile, context, build. Nothing here speaks to a registry.

`engine.engine_layers` has the build itself. It is imported where a build is made: the engine's library costs
every run 30 ms.
"""

from functions_model.engine.context import check_context, write_context
from functions_model.engine.dockerfile import Recipe, engine_layers_key
from functions_model.engine.own_dockerfile import read_dockerfile

__all__ = [
    "Recipe",
    "check_context",
    "engine_layers_key",
    "read_dockerfile",
    "write_context",
]
