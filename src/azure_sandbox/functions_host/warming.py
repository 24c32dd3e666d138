"""`/admin/warmup`: what the platform asks for on an instance that it adds, never on one that starts again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .host import InvocationFailed

if TYPE_CHECKING:
    from .host import ScriptHost


class WarmUp:
    """The call of the app's `warmup`, once in a process, whoever asks.

    Azure/azure-functions-host, WebScriptHostHttpRoutesManager.cs and ScriptRouteHandler.cs.
    """

    def __init__(self, host: ScriptHost) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._asked = False

    def answer(self) -> int:
        """The status: 500 where the function raised, 200 where it did not, is not there, or was called before."""
        with self._lock:
            asked, self._asked = self._asked, True
        found = next((one for one in self._host.functions if one.warms_up and not one.disabled), None)
        if asked or found is None:
            return 200
        try:
            self._host.invoke(found, {"text": True, "metadata": {}}, b"{}")
        except InvocationFailed as failure:
            text = f"Executed 'Functions.{found.name}' (Failed)\n{failure}"
            self._host.console.error(f"Function.{found.name}", text)
            return 500
        return 200
