"""The engines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.apps.docker_engine import DockerEngine
from azure_sandbox.apps.process_engine import ProcessEngine

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.apps.engine import Engine


def make_engine(name: str, root: Path, ca_file: Path) -> Engine:
    """The engine with that name: `docker` or `process`.

    Raises:
        docker.errors.DockerException: `docker` was asked for and no engine answers.
        ValueError: There is no such engine.
    """
    if name == "docker":
        return DockerEngine()
    if name == "process":
        return ProcessEngine(root / "process-engine", ca_file)
    message = f"there is no engine `{name}`: take `docker` or `process`"
    raise ValueError(message)
