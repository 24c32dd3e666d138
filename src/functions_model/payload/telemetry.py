"""Telemetry of the inference server that is not turned on: nothing is imported for it.

`server/appinsights_client.py` (azureml-inference-server-http 0.8 to 1.5) imports the exporters of OpenTelemetry, or of
OpenCensus, and with them the libraries of Azure's identities: 560 modules, a sixth of a cold start. It uses them where
`AML_APP_INSIGHTS_ENABLED` says so.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
from typing import TYPE_CHECKING, Any

from .first_sdk import naming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENT = "azureml_inference_server_http.server.appinsights_client"
"""The only module of the server that imports telemetry."""
LIBRARIES = ("azure.monitor", "opencensus", "opentelemetry")
_BROUGHT = ("azure.core", "azure.identity")
_STANDARD = ("urllib.request", "xml.etree.ElementTree")
"""Modules that scripts use after `import urllib` or `import xml` alone, which the telemetry has imported for them."""


def import_without_telemetry(code: Path) -> None:
    """Import the server's client for Application Insights alone. The rest of the server finds it imported.

    Code that names one of the libraries gets all of them, as from Microsoft's server: there `import opentelemetry` is
    enough to have `opentelemetry.trace`. When this fails, nothing has happened, and the server imports what it likes.

    Args:
        code: The folder of the script's code.
    """
    if next(naming(code, *LIBRARIES, *_BROUGHT), None):
        return
    with contextlib.suppress(Exception):
        for module in _STANDARD:
            importlib.import_module(module)
        with _deferred():
            importlib.import_module(CLIENT)


@contextlib.contextmanager
def _deferred() -> Iterator[None]:
    """While this lasts, that module alone imports telemetry's names without the modules that hold them.

    No other import, and nothing in `sys.modules`, is another one than without it.
    """
    real = builtins.__import__

    def deferring(
        name: str,
        globals: Any = None,  # noqa: A002 - as `__import__` calls it
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        own = globals is not None and globals.get("__name__") == CLIENT
        if own and fromlist and level == 0 and name.startswith(LIBRARIES):
            return _Unread(name)
        return real(name, globals, locals, fromlist, level)

    builtins.__import__ = deferring
    try:
        yield
    finally:
        builtins.__import__ = real


class _Unread:
    """A module that is not imported, for `from ... import` alone."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> _Later:
        return _Later(self._name, name)


class _Later:
    """A name of a module that is not imported. Whoever calls it, or asks for something of it, gets the real one's."""

    def __init__(self, module: str, name: str) -> None:
        self._of = (module, name)

    def _real(self) -> Any:
        module, name = self._of
        return getattr(__import__(module, fromlist=[name]), name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._real()(*args, **named)
