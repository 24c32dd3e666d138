"""What runs containers: the words that the platform and both engines use with one another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def unheard(_: str) -> None:
    """Nobody listens."""


class PullFailed(Exception):
    """An image cannot be pulled. The text is what the registry or the engine said."""


class StartFailed(Exception):
    """A container cannot be started. The text says why."""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container to start.

    Attributes:
        name: For people.
        image: `host/repository@sha256:...`, pulled already.
        environ: Variables on top of the image's.
        files: Absolute path -> content, written before the start.
        port: Where the container listens.
        empty_home: Mount an empty folder over `/home`.
        way_out: The folder of the way out, for a container whose `localhost` is its own.
        hear: Told each line that the container writes, when it does; may be called from any thread.
    """

    name: str
    image: str
    environ: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)
    port: int = 80
    empty_home: bool = False
    way_out: Path | None = None
    hear: Callable[[str], None] = unheard


class Container(Protocol):
    """A container that was started."""

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`."""

    def exit_code(self) -> int | None:
        """None while it runs."""

    def log(self) -> str:
        """What it wrote to standard output and error."""

    def write(self, path: str, content: bytes) -> None:
        """Put a file into the running container."""

    def stop(self) -> None:
        """Stop and remove it. Its log stays readable."""


class Engine(Protocol):
    """Docker, or plain processes."""

    @property
    def title(self) -> str:
        """For logs: `Docker`."""

    def pull(self, image: str, login: tuple[str, str] | None) -> None:
        """Get an image from its registry.

        Raises:
            PullFailed: The registry refused, or the image is not there.
        """

    def start(self, spec: ContainerSpec) -> Container:
        """Start a container.

        Raises:
            StartFailed: It cannot be started.
        """

    def close(self) -> None:
        """Remove everything that this engine made."""
