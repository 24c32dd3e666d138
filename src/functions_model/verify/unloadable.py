"""An app whose functions cannot be imported: the host runs, and no waiting mends it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from functions_model.core.failures import NotLive
from functions_model.provision.endpoint import NotYet
from functions_model.verify.app import AppClient
from functions_model.verify.logs import container_log
from functions_model.verify.nouns import Crashed
from functions_model.verify.phases import STATUS

_TIMES = 3
"""So often in a row must it fail, some five seconds: a host may answer once while its worker starts."""
_SLACK = 5.0
"""Seconds that the container may have started before it was looked at."""
_IMPORT = re.compile(r"\b((?:ModuleNotFound|Import|Syntax|Indentation)Error: [^\n]{1,200}?)(?:\. Please check|\n|$)")
"""The worker goes on with advice of its own behind a module that it does not find."""


class Unloadable(Exception):
    """The functions cannot be imported. The text is the error."""


@dataclass(slots=True)
class LoadFailures:
    """Counts failures of the one function that needs nothing of the user's.

    Attributes:
        app: Is asked how long its host runs.
        times: How often it failed in a row.
    """

    app: AppClient
    times: int = 0

    def note(self, failure: NotYet, seconds: float) -> None:
        """Note why the app is not live.

        An old container that failed like this may answer until the new one is up: what counts is a host that has
        started since (azure-functions-host, HostController.cs, GetHostStatus, `ProcessUptime`).

        Args:
            failure: What the look found.
            seconds: Since the app was first looked at, after its image was written.

        Raises:
            Unloadable: The functions of the new container cannot be imported.
        """
        self.times = self.times + 1 if isinstance(failure, Crashed) else 0
        if self.times < _TIMES or self._uptime() > (seconds + _SLACK) * 1000:
            return
        self.times = 0  # the log is not read at every look
        if found := _IMPORT.findall(container_log(self.app.endpoint).text):
            raise Unloadable(found[-1])

    def _uptime(self) -> float:
        """Milliseconds that the host's process has run; endless where nobody tells."""
        status = None
        with suppress(NotYet, NotLive):
            status = self.app.admin_json(STATUS)
        told = status.get("processUptime") if isinstance(status, dict) else None
        return told if isinstance(told, int | float) else float("inf")
