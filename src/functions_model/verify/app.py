"""The app, seen from outside: its answers, its keys, and what its Functions host tells its administrators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests

from functions_model.core.answers import Said
from functions_model.core.failures import NotLive, Overtaken
from functions_model.core.routes import DEFAULT_PREFIX, route_of
from functions_model.core.sending import new_session
from functions_model.core.unanswered import why
from functions_model.provision.endpoint import Endpoint, HostKeys, NotYet
from functions_model.verify.nouns import CHECK, IDENTITY, Crashed, Expected, NoKeys

_CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
_REFUSALS = 8
"""So often, over some 10 s, are keys asked for of a host that answers and may never tell them."""


class AppClient:
    """Asks one app that is coming alive: at its address, with its keys, or through Azure.

    Args:
        endpoint: The app.
        url: Where it answers, without a trailing slash.
        expected: What must be live.
        mask: Takes each key as soon as it is known.
        session: Sends the requests.

    Attributes:
        secrets: The keys that are known.
        closed: It lets in nobody from here, so that only Azure can ask it.
        isolated: Its host takes the master key for right, and keeps `/admin` to Azure all the same.
        guarded: An authentication in front of it has whoever calls it log in, unless it leaves a path out.
        shut: Paths that this asked to log in for.
        looks: How often it was looked at before its keys were known.
        refusals: How often Azure asked the host in vain.
        crashes: How often in a row it gave no answer of its own to the question whether its model loads.
        overcome: Functions whose listeners have started since their host noted an error.
        prefix: What stands before the routes of its functions, as far as it is known.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        url: str,
        expected: Expected,
        mask: Callable[[str], None],
        session: requests.Session,
    ) -> None:
        self.endpoint = endpoint
        self.url = url
        self.expected = expected
        self.secrets, self.shut = set[str](), set[str]()
        self._mask = mask
        self._session = session
        self.closed = self.isolated = self.guarded = False
        self.looks = self.refusals = self.crashes = 0
        self.overcome: set[str] = set()
        self.prefix = DEFAULT_PREFIX if expected.route_prefix is None else expected.route_prefix
        self._keys: HostKeys | None = None

    def route(self, function: str) -> str:
        """Where a function answers: `/api/score`."""
        return route_of(self.prefix, function)

    def heed_routes(self, listed: Any) -> None:
        """Take the route prefix from the host's list of its functions, where nobody else knows it.

        Azure/azure-functions-host, Extensions/FunctionMetadataExtensions.cs, GetFunctionInvokeUrlTemplate.
        """
        for one in listed if self.expected.route_prefix is None and isinstance(listed, list) else []:
            if isinstance(one, dict) and one.get("name") == IDENTITY and one.get("invoke_url_template"):
                self.prefix = (
                    urlsplit(str(one["invoke_url_template"])).path.strip("/").removesuffix(IDENTITY).strip("/")
                )

    @property
    def tells_azure_alone(self) -> bool:
        """Whether nobody else gets an answer of its host."""
        return self.closed or self.isolated or self.guarded

    @property
    def sample_function(self) -> str:
        """What scores a sample. Behind an authentication it is the one that keeps to the master key by itself."""
        return CHECK if self.guarded else self.expected.sample_function

    def heed_login(self, answer: requests.Response, only: int = 0) -> None:
        """Remember an authentication in front of it: one may leave out the page `/`, which is asked first."""
        if only in {0, answer.status_code}:
            self.guarded |= self.endpoint.asks_for_login(answer.status_code, answer.headers)

    def note_shut(self, function: str) -> None:
        """Note whether an authentication in front of it, and not the function, answers there."""
        answer = self.get(self.route(function))
        if self.endpoint.asks_for_login(answer.status_code, answer.headers):
            self.shut.add(self.route(function))

    @property
    def all_secrets(self) -> set[str]:
        """Those that are known of it: its keys, and what its settings hold."""
        return {*self.endpoint.secrets, *self.secrets}

    def get(self, path: str, headers: dict[str, str] | None = None, seconds: float = READ_SECONDS) -> requests.Response:
        """Ask the app, which has `seconds` to answer.

        Raises:
            NotYet: No answer came.
        """
        try:
            return self._session.get(
                self.url + path, headers=headers, timeout=(_CONNECT_SECONDS, seconds), allow_redirects=False
            )
        except requests.RequestException as exc:
            raise NotYet(f"the site does not answer ({why(exc)})") from exc

    def get_json(self, path: str) -> Any:
        """A JSON document that the app has for everybody, parsed.

        Raises:
            Crashed: The status is 500.
            NotYet: It is another than 200, or the body is not JSON.
        """
        answer = self.get(path)
        if answer.status_code == 500:
            raise Crashed(f"`{path}` answers with the status 500")
        self.heed_login(answer, only=401)
        return _document(path, answer)

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
        if not self.tells_azure_alone:
            answer = self.get(path, {"x-functions-key": self.master_key()})
            self.isolated = answer.status_code == 403
            if not self.isolated:
                return None if answer.status_code == absent else _document(path, answer)
        with self._counted():
            return self.endpoint.admin(path, absent=absent)

    def admin_json_of_a_broken_host(self, path: str) -> Any:
        """As `admin_json`, of a host that may not even reach the storage that its keys are in.

        Raises:
            NotYet: It does not tell.
        """
        if not self.knows_keys:
            with suppress(NotYet, NotLive):
                return self.endpoint.admin(path)
        try:
            return self.admin_json(path)
        except NotLive as exc:
            raise NotYet(exc.reason) from exc

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
        return self._known(self._host_keys().master, "the host has no master key")

    def function_key(self, function: str) -> str:
        """A key that opens one function: the host's own for all functions, where there is one.

        Raises:
            NotYet: The host has none to give yet.
            NotLive: Azure refused.
        """
        key = self._host_keys().shared or self.endpoint.function_key(function)
        return self._known(key, f"the function `{function}` has no key")

    def _host_keys(self) -> HostKeys:
        """Asked for once."""
        if self._keys is None or not self._keys.master:
            with self._counted():
                self._keys = self.endpoint.keys()
        return self._keys

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """While Azure is asked for what the host tells nobody else.

        Raises:
            NoKeys: It does not, not yet or never.
            NotLive: Azure refused.
        """
        try:
            yield
        except NotYet as exc:
            self.refusals += 1
            raise NoKeys(str(exc)) from exc

    @property
    def knows_keys(self) -> bool:
        """Whether the host has given its keys already."""
        return self._keys is not None

    @property
    def withholds_keys(self) -> bool:
        """Whether Azure cannot list the keys, of a host that may never tell it them."""
        return bool(self.endpoint.keyless) and not self.knows_keys and self.refusals >= _REFUSALS

    def sync_triggers(self) -> None:
        """Have the host tell the scale controller which triggers it has; where it will not, have Azure ask it to.

        https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#trigger-syncing
        """
        if self.withholds_keys:
            # Azure must prove itself for this, too. The host tells by itself, some time after its start.
            with suppress(NotYet):
                self.endpoint.sync_triggers()
        elif self.tells_azure_alone or not self._has_told_triggers():
            self.endpoint.sync_triggers()

    def _has_told_triggers(self) -> bool:
        key = {"x-functions-key": self.master_key()}
        try:
            return self.post("/admin/host/synctriggers", b"", key, READ_SECONDS).ok
        except requests.RequestException:
            return False

    def restart_host(self) -> None:
        """Have the host start anew in its process, and forget the errors of its functions.

        azure-functions-host, Controllers/HostController.cs, Restart.

        Raises:
            NotYet: It does not answer.
            NotLive: Azure refused.
        """
        path = "/admin/host/restart"
        if self.tells_azure_alone:
            with self._counted():
                self.endpoint.admin(path, "POST")
        else:
            with suppress(requests.RequestException):
                self.post(path, b"", {"x-functions-key": self.master_key()}, READ_SECONDS)

    def check_image(self) -> None:
        """See whether the app is still meant to run the expected image.

        Raises:
            Overtaken: Somebody else has deployed another one.
            NotLive: Azure refused to say.
            NotYet: Azure cannot say.
        """
        runs = self.endpoint.image()
        if runs != self.expected.image:
            raise Overtaken(self.endpoint.name, runs)

    def _known(self, key: str, missing: str) -> str:
        if not key:
            raise NotYet(missing)
        self.secrets.add(key)
        self._mask(key)
        return key


def _document(path: str, answer: requests.Response) -> Any:
    if answer.status_code != 200:
        raise NotYet(f"`{path}` answers with the status {answer.status_code}")
    try:
        return Said.of(answer).document()
    except ValueError as exc:
        raise NotYet(f"`{path}` answers with something other than JSON") from exc


def fresh_session() -> requests.Session:
    """A session without cookies: those of whatever is in front of the app would tie every request to one instance."""
    session = new_session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
