"""The live app, seen from outside: its address, its keys, its answers."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests

from functions_model.azure.errors import explain
from functions_model.azure.site import Site
from functions_model.core.failures import NotLive

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azure.clients import AzureClients
    from functions_model.verify.nouns import ExpectedApp

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_STARTING = frozenset({0, 400, 404, 408, 409, 429, 500, 502, 503, 504})
"""Resource Manager asks the host for its keys, and answers so (mostly 400) while the host starts. 0: no answer came."""


class NotYet(Exception):
    """The app is not there yet. The text says what is missing, a clause without a full stop."""


class OtherBuild(NotYet):
    """The app answers with another build than is expected. It may be an old instance, or somebody else's deployment."""


class LiveApp:
    """An app that is coming alive.

    Args:
        clients: Of the subscription.
        expected: Names it.
        url: Without a trailing slash.
        mask: Takes each key as soon as it is known.
        session: Sends the requests.

    Attributes:
        looks: How often it was looked at before its keys were known.
    """

    def __init__(
        self,
        clients: AzureClients,
        expected: ExpectedApp,
        url: str,
        mask: Callable[[str], None],
        session: requests.Session,
    ) -> None:
        self.url = url
        self.expected = expected
        self.secrets: set[str] = set()
        self._site = site_of(clients, expected)
        self._mask = mask
        self._session = session
        self.looks = 0
        self._keys: Any = None

    def get(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Ask the app.

        Raises:
            NotYet: No answer came.
        """
        try:
            return self._session.get(
                self.url + path, headers=headers, timeout=(_CONNECT_SECONDS, _READ_SECONDS), allow_redirects=False
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
        answer = self.get(path, headers)
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
        answer = self.ask(
            f"list the keys of the function `{function}`",
            lambda: self._site.ask("list_function_keys", function_name=function),
        )
        document = answer.as_dict()
        keys = document.get("properties") or {name: key for name, key in document.items() if isinstance(key, str)}
        chosen = keys.get("default") or next((key for name, key in sorted(keys.items())), "")
        return self._known(str(chosen), f"the function `{function}` has no key")

    def _host_keys(self) -> Any:
        """Asked for once."""
        if self._keys is None or not self._keys.master_key:
            self._keys = self.ask("list the host's keys", lambda: self._site.ask("list_host_keys"))
        return self._keys

    @property
    def knows_keys(self) -> bool:
        """Whether the host has given its keys already."""
        return self._keys is not None

    def sync_triggers(self) -> None:
        """Have the host tell the scale controller which triggers it has; where it will not, have Azure ask it to.

        https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#trigger-syncing
        """
        key = {"x-functions-key": self.master_key()}
        try:
            told = self.post("/admin/host/synctriggers", b"", key, _READ_SECONDS).ok
        except requests.RequestException:
            told = False
        if not told:
            self.ask("synchronise the triggers", lambda: self._site.ask("sync_function_triggers"))

    def check_image(self) -> None:
        """See whether the app is still meant to run the expected image.

        Raises:
            NotLive: Somebody else has deployed another one.
        """
        config = self.ask("read the configuration", lambda: self._site.ask("get_configuration"))
        runs = str(config.linux_fx_version or "").removeprefix("DOCKER|")
        if runs != self.expected.image:
            what = f"somebody else has deployed to it meanwhile: it runs `{runs}`"
            remedy = "Let one deployment at a time go to an app; on GitHub, `concurrency` does that."
            raise NotLive(f"verify {self.expected}", what, remedy)

    def ask(self, action: str, call: Callable[[], Any]) -> Any:
        """Ask Resource Manager something that it asks the host.

        Raises:
            NotYet: The host is not there yet.
            NotLive: Azure refused for a reason that waiting does not mend.
        """
        from azure.core.exceptions import AzureError

        try:
            return call()
        except AzureError as exc:
            error = explain(exc, f"{action} of {self.expected.place}")
            if error.status in _STARTING:
                message = f"Azure cannot {action} yet: {error.reason}"
                raise NotYet(message) from exc
            raise NotLive(error.action, error.reason, error.remedy) from exc

    def _known(self, key: str, missing: str) -> str:
        if not key:
            raise NotYet(missing)
        self.secrets.add(key)
        self._mask(key)
        return key


def find_app(
    clients: AzureClients, expected: ExpectedApp, mask: Callable[[str], None], session: requests.Session
) -> LiveApp:
    """The app as Resource Manager knows it, unless it is known where it answers.

    Raises:
        NotLive: There is no such app, it may not be read, or it is stopped.
    """
    from azure.core.exceptions import AzureError

    if expected.host_name:
        return LiveApp(clients, expected, f"https://{expected.host_name}", mask, session)
    name, group = expected.app_name, expected.resource_group
    try:
        site = site_of(clients, expected).ask("get")
    except AzureError as exc:
        error = explain(exc, f"find {expected}")
        raise NotLive(error.action, error.reason, error.remedy) from exc
    if str(site.state or "Running").lower() == "stopped":
        slot = f" --slot {expected.slot}" if expected.slot else ""
        remedy = f"Start it: az functionapp start --name {name} --resource-group {group}{slot}"
        raise NotLive(f"verify {expected}", "it is stopped", remedy)
    return LiveApp(clients, expected, f"https://{site.default_host_name}", mask, session)


def site_of(clients: AzureClients, expected: ExpectedApp) -> Site:
    """Where the app runs."""
    return Site(clients, expected.resource_group, expected.app_name, expected.slot)


def fresh_session() -> requests.Session:
    """A session without cookies: App Service's would tie every request to one instance."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
