"""The live app, seen from outside: its address, its keys, its answers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from azure.core.exceptions import AzureError, HttpResponseError

from functions_model.azure.errors import explain
from functions_model.azure.site import Site
from functions_model.core.failures import NotLive
from functions_model.verify.not_yet import NoKeys, NotYet

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.mgmt.web.models import HostKeys

    from functions_model.azure.clients import AzureClients
    from functions_model.ci.host import CiHost
    from functions_model.verify.nouns import ExpectedApp

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_STARTING = frozenset({0, 400, 404, 408, 409, 429, 500, 502, 503, 504})
"""Resource Manager asks the host for its keys, and answers so (mostly 400) while the host starts. 0: no answer came."""
_REFUSALS = 8
"""So often, over some 10 s, are keys asked for of a host that answers and has no machine key."""
_Answer = TypeVar("_Answer")


class LiveApp:
    """An app that is coming alive.

    Args:
        clients: Of the subscription.
        expected: Names it.
        url: Without a trailing slash.
        ci: Masks each key as soon as it is known.
        session: Sends the requests.

    Attributes:
        closed: It lets in nobody from here, so that only Resource Manager can ask it.
        isolated: Its host takes the master key for right, and keeps `/admin` to Azure all the same.
        looks: How often it was looked at before its keys were known.
        refusals: How often Azure asked the host in vain.
        crashes: How often in a row it gave no answer of its own to the question whether its model loads.
        overcome: Functions whose listeners have started since their host noted an error.
    """

    def __init__(
        self,
        clients: AzureClients,
        expected: ExpectedApp,
        url: str,
        ci: CiHost,
        session: requests.Session,
    ) -> None:
        self.url = url
        self.expected = expected
        self.secrets: set[str] = set()
        self._site = site_of(clients, expected)
        self._ci = ci
        self._session = session
        self.closed = self.isolated = False
        self.looks = self.refusals = self.crashes = 0
        self.overcome: set[str] = set()
        self._keys: HostKeys | None = None

    def get(
        self, path: str, headers: dict[str, str] | None = None, seconds: float = _READ_SECONDS
    ) -> requests.Response:
        """Ask the app, which has `seconds` to answer.

        Raises:
            NotYet: No answer came.
        """
        try:
            return self._session.get(
                self.url + path, headers=headers, timeout=(_CONNECT_SECONDS, seconds), allow_redirects=False
            )
        except requests.RequestException as exc:
            message = f"the site does not answer ({type(exc).__name__})"
            raise NotYet(message) from exc

    def get_json(self, path: str, headers: dict[str, str] | None = None, *, absent: int | None = None) -> Any:
        """A JSON document from the app.

        Args:
            path: With a leading slash.
            headers: Sent along.
            absent: A status that means: there is no such document.

        Returns:
            The document, parsed; None for the status `absent`.

        Raises:
            NotYet: The status is another than 200, or the body is not JSON.
        """
        return self._document(path, self.get(path, headers), absent)

    def _document(self, path: str, answer: requests.Response, absent: int | None) -> Any:
        if answer.status_code == absent:
            return None
        if answer.status_code != 200:
            message = f"`{path}` answers with the status {answer.status_code}"
            raise NotYet(message)
        try:
            return answer.json()
        except ValueError as exc:
            message = f"`{path}` answers with something other than JSON"
            raise NotYet(message) from exc

    def admin_json(self, path: str, *, absent: int | None = None) -> Any:
        """A JSON document that the host has for its administrators; where it tells only Azure, through Azure.

        Args:
            path: With a leading slash: `/admin/host/status`.
            absent: A status that means: there is no such document.

        Returns:
            The document, parsed; None for the status `absent`.

        Raises:
            NotYet: It cannot be had yet.
            NotLive: Azure refused.
        """
        if not self.closed and not self.isolated:
            answer = self.get(path, {"x-functions-key": self.master_key()})
            self.isolated = answer.status_code == 403
            if not self.isolated:
                return self._document(path, answer, absent)
        return self._prove(f"ask the host for `{path}`", lambda: self._through_azure(path, absent))

    def admin_json_of_a_broken_host(self, path: str) -> Any:
        """As `admin_json`, of a host that may not even reach the storage that its keys are in.

        Raises:
            NotYet: It does not tell.
        """
        if not self.knows_keys:
            with suppress(NotYet, NotLive):
                return self.ask("ask the host", lambda: self._through_azure(path, None))
        try:
            return self.admin_json(path)
        except NotLive as exc:
            raise NotYet(exc.reason) from exc

    def _through_azure(self, path: str, absent: int | None) -> Any:
        try:
            return self._site.ask_host(path)
        except HttpResponseError as exc:
            if exc.status_code == absent:
                return None
            raise

    def post(self, path: str, body: bytes, headers: dict[str, str], seconds: float) -> requests.Response:
        """Send the app something, with `seconds` to answer."""
        return self._session.post(
            self.url + path, data=body, headers=headers, timeout=(_CONNECT_SECONDS, seconds), allow_redirects=False
        )

    def master_key(self) -> str:
        """The host's master key, asked for once.

        Raises:
            NotYet: The host has none to give yet.
            NotLive: Azure refused.
        """
        return self._known(self._host_keys().master_key or "", "the host has no master key")

    def function_key(self, function: str) -> str:
        """A key that opens one function: the host's own for all functions, where there is one.

        Raises:
            NotYet: The host has none to give yet.
            NotLive: Azure refused.
        """
        if shared := (self._host_keys().function_keys or {}).get("default"):
            return self._known(shared, "")
        action = f"list the keys of the function `{function}`"
        document = self.ask(action, lambda: self._site.list_function_keys(function)).as_dict()
        keys = document.get("properties") or {name: key for name, key in document.items() if isinstance(key, str)}
        chosen = keys.get("default") or next((key for name, key in sorted(keys.items())), "")
        return self._known(str(chosen), f"the function `{function}` has no key")

    def _host_keys(self) -> HostKeys:
        """Asked for once."""
        if self._keys is None or not self._keys.master_key:
            self._keys = self._prove("list the host's keys", self._site.list_host_keys)
        return self._keys

    def _prove(self, action: str, call: Callable[[], _Answer]) -> _Answer:
        """As `ask`, for what the host tells nobody but Azure.

        Raises:
            NoKeys: It does not, not yet or never.
        """
        try:
            return self.ask(action, call)
        except NotYet as exc:
            self.refusals += 1
            raise NoKeys(str(exc)) from exc

    @property
    def knows_keys(self) -> bool:
        """Whether the host has given its keys already."""
        return self._keys is not None

    @property
    def withholds_keys(self) -> bool:
        """Whether Azure cannot list the keys, as the host has no machine key that it could prove itself with."""
        return not self.knows_keys and not self.expected.has_machine_key and self.refusals >= _REFUSALS

    def sync_triggers(self) -> None:
        """Have the host tell the scale controller which triggers it has; where it will not, have Azure ask it to.

        https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#trigger-syncing
        """
        if self.withholds_keys:
            # Azure must prove itself for this, too. The host tells by itself, some time after its start.
            with suppress(NotYet):
                self._have_azure_synchronise()
        elif self.closed or self.isolated or not self._has_told_triggers():
            self._have_azure_synchronise()

    def _has_told_triggers(self) -> bool:
        key = {"x-functions-key": self.master_key()}
        try:
            return self.post("/admin/host/synctriggers", b"", key, _READ_SECONDS).ok
        except requests.RequestException:
            return False

    def _have_azure_synchronise(self) -> None:
        self.ask("synchronise the triggers", self._site.sync_function_triggers)

    def restart_host(self) -> None:
        """Have the host start anew in its process, and forget the errors of its functions.

        azure-functions-host, Controllers/HostController.cs, Restart.

        Raises:
            NotYet: It does not answer.
            NotLive: Azure refused.
        """
        path = "/admin/host/restart"
        if self.closed or self.isolated:
            self._prove("restart the host", lambda: self._site.ask_host(path, "POST"))
        else:
            with suppress(requests.RequestException):
                self.post(path, b"", {"x-functions-key": self.master_key()}, _READ_SECONDS)

    def check_image(self) -> None:
        """See whether the app is still meant to run the expected image.

        Raises:
            NotLive: Somebody else has deployed another one.
        """
        config = self.ask("read the configuration", self._site.get_configuration)
        runs = str(config.linux_fx_version or "").removeprefix("DOCKER|")
        if runs != self.expected.image:
            what = f"somebody else has deployed to it meanwhile: it runs `{runs}`"
            raise NotLive(f"verify {self.expected.names}", what, self._ci.facts.advice.one_at_a_time)

    def ask(self, action: str, call: Callable[[], _Answer]) -> _Answer:
        """Ask Resource Manager something that it asks the host.

        Raises:
            NotYet: The host is not there yet.
            NotLive: Azure refused for a reason that waiting does not mend.
        """
        try:
            return call()
        except AzureError as exc:
            error = explain(exc, f"{action} of {self.expected.names.place}")
            if error.status in _STARTING:
                message = f"Azure cannot {action} yet: {error.reason}"
                raise NotYet(message) from exc
            raise NotLive(error.action, error.reason, error.remedy) from exc

    def _known(self, key: str, missing: str) -> str:
        if not key:
            raise NotYet(missing)
        self.secrets.add(key)
        self._ci.mask(key)
        return key


def site_of(clients: AzureClients, expected: ExpectedApp) -> Site:
    """Where the app runs."""
    return Site(clients, expected.names)
