"""One web server per container registry: Azure Container Registry's side of `contract.RegistryPlatform`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_sandbox.contract import ImportRefused
from azure_sandbox.web import WebServer, listen, stop_all

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import ImageImport, RegistryDefinition
    from azure_sandbox.data_plane import ImageCopy

    RegistryApp = Callable[[Callable[[], RegistryDefinition]], ASGIApp]


@dataclass(slots=True)
class _Registry:
    """A registry's name on the network, and what is served there."""

    listener: socket.socket
    definition: RegistryDefinition | None = None
    server: WebServer | None = None

    def current(self) -> RegistryDefinition:
        """The definition of the moment."""
        if self.definition is None:
            message = "the registry has not been defined"
            raise LookupError(message)
        return self.definition


class RegistryServers:
    """All registries of the sandbox. Implements `contract.RegistryPlatform`.

    Args:
        app: Makes the application of one registry from a function that gives its definition of the moment.
        tls: The sandbox's certificates.
        copy: Copies images between registries.
        public: The hosts that stand for the registry of base images, from which everybody may copy.
    """

    def __init__(self, app: RegistryApp, tls: TlsFiles, copy: ImageCopy, public: frozenset[str]) -> None:
        self._app = app
        self._tls = tls
        self._copy = copy
        self._public = public
        self._known: dict[str, _Registry] = {}
        self._lock = threading.Lock()

    def reserve(self, name: str) -> str:
        """The login server (`localhost:PORT`) that the registry with this name has, now and later."""
        with self._lock:
            known = self._known.get(name.lower())
            known = known or self._known.setdefault(name.lower(), _Registry(listen(self._tls.address)))
        return f"{self._tls.address}:{known.listener.getsockname()[1]}"

    def apply(self, definition: RegistryDefinition) -> None:
        """Serve the registry, or serve it by its new definition."""
        with self._lock:
            known = self._known[definition.name.lower()]
            known.definition = definition
            if known.server is None:
                known.server = WebServer(self._app(known.current), tls=self._tls, listener=known.listener).start()

    def prepare_import(self, resource_id: str, wanted: ImageImport) -> Callable[[], None]:
        """Check a copy from one registry to another, and give the function that makes it.

        Raises:
            ImportRefused: It cannot be made.
        """
        target = self._find(lambda known: known.resource_id.lower() == resource_id.lower())
        if target is None:
            message = f"there is no registry {resource_id}"
            raise ImportRefused(message)
        return self._copy(self._source(wanted), target.name, wanted)

    def remove(self, resource_id: str) -> None:
        """Stop it and forget it."""
        with self._lock:
            found = [
                name
                for name, one in self._known.items()
                if one.definition and one.definition.resource_id.lower() == resource_id.lower()
            ]
            gone = [self._known.pop(name) for name in found]
        _stop(gone)

    def close(self) -> None:
        """Stop all of them."""
        with self._lock:
            known, self._known = list(self._known.values()), {}
        _stop(known)

    def _source(self, wanted: ImageImport) -> str:
        """The name of the registry that is copied from; nothing for the one of base images."""
        if wanted.source.lower() in self._public:
            return ""
        known = self._find(lambda one: wanted.source.lower() in {one.resource_id.lower(), one.login_server.lower()})
        if known is None:
            message = f"The registry {wanted.source} cannot be reached: the sandbox knows its own registries alone."
            raise ImportRefused(message)
        by_id = wanted.source.lower() == known.resource_id.lower()
        if not by_id and (known.admin is None or wanted.login != known.admin):
            message = f"The registry {wanted.source} refused the login: authentication required."
            raise ImportRefused(message)
        return known.name

    def _find(self, fits: Callable[[RegistryDefinition], bool]) -> RegistryDefinition | None:
        with self._lock:
            known = [one.definition for one in self._known.values() if one.definition is not None]
        return next((one for one in known if fits(one)), None)


def _stop(registries: list[_Registry]) -> None:
    stop_all(registry.server for registry in registries if registry.server)
    for registry in registries:
        registry.listener.close()
