"""A function app on App Service, or one of its deployment slots, as something that can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from azure.core.exceptions import AzureError, HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.misread import MISREAD, understood
from functions_model.core.failures import Cause, NotLive
from functions_model.core.names import Names
from functions_model.hosting.app_service import login
from functions_model.hosting.app_service.container_log import read_log
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSite, ObservedSlot
from functions_model.hosting.app_service.plan_sizes import ObservedPlan, memory_of, size_to_be
from functions_model.hosting.app_service.reading import image_of, read_app, read_belongings
from functions_model.hosting.app_service.site import Site
from functions_model.provision import Applied, ResourcePlan
from functions_model.provision.endpoint import ContainerLog, HostKeys, NotYet

_STARTING = frozenset({0, 400, 404, 408, 409, 429, 500, 502, 503, 504})
"""Resource Manager asks the host for its keys, and answers so (mostly 400) while the host starts. 0: no answer came."""
_FORBIDDEN = "x-ms-forbidden-ip"
"""By this header App Service's own refusal of a caller is told from a 403 of the app: microsoft/clarity#1133."""
_PUBLIC = ("AzureWebJobsStorage__", "TriggerConnectionString__", "FUNCTIONS_", "WEBSITES_", "PYTHON_")
"""Settings that hold names, addresses and switches."""
CAUSES: tuple[Cause, ...] = (
    Cause(
        "no-functions",
        r"no job functions found|\b0 functions (found|loaded)|no HTTP routes mapped",
        "the host found no functions in the image",
        "Set the app setting WEBSITES_ENABLE_APP_SERVICE_STORAGE to false: else a mount hides the image's /home.",
    ),
    Cause(
        "port",
        r"didn't respond to HTTP pings on port|ContainerTimeout|did not start within expected time",
        "the container did not open its port in time",
        "Use a Functions base image as `base-image`; set the app setting WEBSITES_PORT when it listens elsewhere than "
        "on 80, and WEBSITES_CONTAINER_START_TIME_LIMIT when it starts slowly.",
    ),
)
"""What only App Service's log says of an app that does not come alive."""
_SHORTEST_SECRET = 8
"""Characters; to blot out each `true` and `production` of a container log would leave nothing to read."""


@dataclass(frozen=True, slots=True)
class AppServiceEndpoint:
    """An `Endpoint` on App Service.

    Attributes:
        clients: Of the subscription.
        names: The app, or its slot.
        host_name: Where it answers; empty when that has to be asked for.
        has_machine_key: Its settings hold a machine key: without one, Azure may not be able to list its keys.
        secrets: Values of its settings that may stand in its log and must not be shown.
        memory_gib: Of an instance of its plan; None where the plan is not known.
        request_seconds: App Service's front end gives a request up then by itself.
    """

    clients: AzureClients = field(repr=False)
    names: Names
    host_name: str = ""
    has_machine_key: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)
    memory_gib: float | None = None

    request_seconds: ClassVar[float] = 230.0
    causes: ClassVar[tuple[Cause, ...]] = CAUSES
    words: ClassVar[Mapping[str, str]] = {
        "host": "App Service",
        "memory": "Set `plan-sku` to a larger size",
        "subnet": "the subnet that the app has joined (az functionapp vnet-integration add)",
    }

    @property
    def name(self) -> str:
        """The app, or the slot of the app, for people."""
        return str(self.names)

    @property
    def keyless(self) -> str:
        """Of an app without a machine key: Resource Manager proves itself to its Functions host with that one."""
        if self.has_machine_key:
            return ""
        return (
            f"Azure cannot list the keys of {self.names.place}, whose settings have no {MACHINE_KEY}. Adding one"
            " replaces all its keys: every caller needs a new key then. To add it: az functionapp config appsettings"
            f" set {self.names.flags} --slot-settings {MACHINE_KEY}=$(openssl rand -hex 32)"
        )

    @property
    def admin_opening(self) -> str:
        """A property of the site keeps `/admin` to Azure, which neither the SDK nor `az functionapp` knows.

        https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functionsruntimeadminisolationenabled.
        """
        site = f"az functionapp show {self.names.flags}"
        return (
            f'Or allow the master key: az resource update --ids "$({site} --query id --output tsv)" '
            "--set properties.functionsRuntimeAdminIsolationEnabled=false"
        )

    def find(self) -> str:
        """Where it answers; Resource Manager is asked unless that is known.

        Raises:
            NotLive: There is no such app, it may not be read, or it is stopped.
        """
        if self.host_name:
            return f"https://{self.host_name}"
        try:
            with understood():
                site = self._site.get()
                host_name, state = site.default_host_name or "", str(site.state or "Running").lower()
        except AzureError as exc:
            error = explain(exc, f"find {self.name}")
            raise NotLive(error.action, error.reason, error.remedy) from exc
        if state == "stopped":
            remedy = f"Start it: az functionapp start {self.names.flags}"
            raise NotLive(f"verify {self.name}", "it is stopped", remedy)
        return f"https://{host_name}"

    def turns_away(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether App Service's front end, by its rules of access, and not the app gave this answer."""
        return status == 403 and _FORBIDDEN in headers

    def asks_for_login(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether App Service's authentication gave this answer."""
        return login.asks_for_login(self._site, status, headers)

    def let_through(self, paths: Sequence[str]) -> str:
        """The command by which App Service's authentication lets everybody reach some paths of the app."""
        return login.let_through(self._site, paths)

    def keys(self) -> HostKeys:
        """The keys of its Functions host, which Resource Manager asks it for."""
        with self._asking("list the host's keys"):
            found = self._site.list_host_keys()
            return HostKeys(found.master_key or "", (found.function_keys or {}).get("default") or "")

    def function_key(self, function: str) -> str:
        """A key that opens one function: the one named `default`, or the first by name; empty where it has none."""
        with self._asking(f"list the keys of the function `{function}`"):
            document = self._site.list_function_keys(function).as_dict()
            keys = document.get("properties") or {name: key for name, key in document.items() if isinstance(key, str)}
            return str(keys.get("default") or next((key for name, key in sorted(keys.items())), ""))

    def admin(self, path: str, method: str = "GET", *, absent: int | None = None) -> Any:
        """What its Functions host answers to Resource Manager; None for the status `absent`."""
        with self._asking(f"ask the host for `{path}`"):
            try:
                return self._site.ask_host(path, method)
            except HttpResponseError as exc:
                if exc.status_code == absent:
                    return None
                raise

    def sync_triggers(self) -> None:
        """Have the scale controller told which triggers there are."""
        with self._asking("synchronise the triggers"):
            self._site.sync_function_triggers()

    def image(self) -> str:
        """The image of its configuration."""
        with self._asking("read the configuration"):
            return image_of(self.clients, self.names)

    def log(self) -> ContainerLog:
        """Its container log.

        Raises:
            NoLog: It cannot be had, or is empty.
        """
        return read_log(self._site)

    @property
    def _site(self) -> Site:
        return Site(self.clients, self.names)

    @contextmanager
    def _asking(self, action: str) -> Iterator[None]:
        """While Resource Manager is asked for something that it asks the Functions host for.

        Raises:
            NotYet: The host is not there yet.
            NotLive: Azure refused for a reason that waiting does not mend.
        """
        try:
            with understood():
                yield
        except AzureError as exc:
            error = explain(exc, f"{action} of {self.names.place}")
            if error.status in _STARTING or error.cause == MISREAD:
                raise NotYet(f"Azure cannot {action} yet: {error.reason}") from exc
            raise NotLive(error.action, error.reason, error.remedy) from exc


def endpoint_of(
    clients: AzureClients, plan: ResourcePlan, applied: Applied | None = None, *, candidate: bool = False
) -> AppServiceEndpoint:
    """The endpoint of an app that was deployed.

    Args:
        clients: Of the subscription.
        plan: With what was there before.
        applied: What was written; None looks up where the app answers.
        candidate: The slot is meant, not the app itself.
    """
    slot = plan.wanted.names.candidate if candidate else ""
    return AppServiceEndpoint(
        clients,
        plan.wanted.names.at(slot),
        "" if slot or applied is None else _host_name(plan, applied),
        _has_machine_key(plan, slot),
        _known_secrets(plan),
        memory_of(size_to_be(plan.wanted, plan.observed.of(ObservedPlan))),
    )


def live_endpoint(clients: AzureClients, names: Names) -> AppServiceEndpoint:
    """The endpoint of an app, or of a slot, that is there.

    Raises:
        NotLive: It is not there, or what of its settings is secret may not be read.
    """
    site = Site(clients, names)
    try:
        with understood():
            app, belongings = read_app(site), read_belongings(site)
    except AzureError as exc:
        error = explain(exc, f"read the settings of {names}, which its log must not show")
        raise NotLive(error.action, error.reason, error.remedy) from exc
    if app is None:
        remedy = "Check `subscription-id`, `resource-group`, `app-name` and `slot-name`, or deploy it first."
        raise NotLive(f"find {names}", f"there is none in the resource group `{names.group}`", remedy)
    host_name = app.host_name if _is_running(app) else ""
    secrets = (*_secret_values(app.settings), *belongings.secrets)
    return AppServiceEndpoint(clients, names, host_name, MACHINE_KEY in app.settings, secrets)


def _is_running(site: ObservedSite) -> bool:
    return site.state.lower() == "running"


def _host_name(plan: ResourcePlan, applied: Applied) -> str:
    """Where the app answers; empty for one that may be stopped."""
    site = plan.observed.of(ObservedSite)
    if site is None:
        return applied.host_name
    return site.host_name if _is_running(site) else ""


def _has_machine_key(plan: ResourcePlan, slot: str) -> bool:
    """Of an app, or a slot, that was there before: one that is new gets a machine key."""
    beside = plan.observed.of(ObservedSlot)
    app = plan.observed.of(ObservedApp) if not slot else beside.app if beside else None
    return app is None or MACHINE_KEY in app.settings


def _known_secrets(plan: ResourcePlan) -> tuple[str, ...]:
    """Values that may stand in the app's container log and must not be shown: the user's, and those that were there."""
    beside = plan.observed.of(ObservedSlot)
    users = [secret.reveal() for secret in plan.wanted.target.app_settings.values()]
    apps = (beside.app if beside else None, plan.observed.of(ObservedApp))
    others = _secret_values({name: value for app in apps if app for name, value in app.settings.items()})
    belongings = (*beside.of_app.secrets, *beside.own.secrets) if beside else ()
    return (*users, *others, *belongings)


def _secret_values(settings: Mapping[str, str]) -> list[str]:
    return [
        value for name, value in settings.items() if not name.startswith(_PUBLIC) and len(value) >= _SHORTEST_SECRET
    ]
