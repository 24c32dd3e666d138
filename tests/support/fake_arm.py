"""A Resource Manager of a hundred lines for unit tests: it stores what is PUT and answers what is asked of it."""

from __future__ import annotations

import io
import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from azure.core.credentials import AccessToken

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import AZURE_CLOUD
from functions_model.azure.sending import CancelledTransport
from functions_model.core.sending import SafeSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions_model.azure.cloud import Cloud

_TAGS = "/providers/microsoft.resources/tags/default"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body) if self.body else None


class Adapter(requests.adapters.BaseAdapter):
    """A `requests` adapter that asks a function in place of the network."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        body = request.body or b""
        asked = Asked(
            request.method or "",
            unquote(parts.path),
            parts.query,
            {name.lower(): value for name, value in request.headers.items()},
            body.encode() if isinstance(body, str) else bytes(body),
        )
        answer = self._answer(asked)
        headers = {"content-type": "application/json", **answer.headers}
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(headers)
        response.raw = urllib3.HTTPResponse(
            io.BytesIO(answer.encoded()), headers=headers, status=answer.status, preload_content=False
        )
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """Nothing is open."""


TIERS = {"B": "Basic", "E": "ElasticPremium", "P": "PremiumV3", "S": "Standard"}
"""Of a plan, by the first letter of its size."""


def session_for(answer: Callable[[Asked], Answer]) -> requests.Session:
    """A session whose every request is answered by a function."""
    session = SafeSession()
    session.mount("https://", Adapter(answer))
    return session


class FakeCredential:
    """A credential that gives one token for ever."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("fake-token", 2**31)


class _Hasty(CancelledTransport):
    """A transport in which nobody waits, whatever is asked for."""

    def sleep(self, duration: float) -> None:
        """Go on at once."""


def clients_transport(session: requests.Session) -> CancelledTransport:
    """A transport of the SDK by a session."""
    return _Hasty(session=session, session_owner=False)


def clients_for(answer: Callable[[Asked], Answer], cloud: Cloud = AZURE_CLOUD) -> AzureClients:
    """Real SDK clients whose every request is answered by a function; no retry waits."""
    transport = clients_transport(session_for(answer))
    return AzureClients(
        FakeCredential(),
        SUBSCRIPTION,
        cloud,
        polling_interval=0,
        sleep=lambda _: None,
        options={"transport": transport, "retry_backoff_factor": 0},
    )


class LastAsked:
    """Clients for many answers, one after the other: to build all of them anew takes longer than all that they ask.

    Attributes:
        clients: Ask whatever answers at the moment.
        answer: That.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Asked], Answer] = lambda _: Answer(404)
        self.clients = clients_for(self._asked)

    def _asked(self, asked: Asked) -> Answer:
        return self.answer(asked)


def arm_error(status: int, code: str, message: str) -> Answer:
    """An error in Resource Manager's own shape."""
    return Answer(status, {"error": {"code": code, "message": message}})


class FakeArm:
    """Resources by lower-case path, and everything that was asked."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, str] = {}
        self.sticky: list[str] = []
        self.asked: list[Asked] = []
        self.publishing: dict[str, bool] = {}
        self.faults: list[tuple[str, str, Answer]] = []
        self.unregistered: set[str] = set()
        self.permissions: dict[str, list[dict[str, Any]]] = {}
        self.name_refusal = ""
        self.namespace_refusal = ""
        self.site_refusal = ""
        self.validation: dict[str, Any] = {"status": "Success", "error": None}
        self.regions: tuple[str, ...] = ("North Europe", "West Europe")
        self.rules: set[str] = set()
        self.rotations = 0
        self._lock = threading.Lock()

    @property
    def writes(self) -> list[str]:
        """Method and last part of the path of each request that changes something."""
        reads = ("list", "listkeys", "listcredentials", "checknameavailability", "validate")
        return [
            f"{asked.method} {asked.path.rpartition('/')[2]}"
            for asked in self.asked
            if asked.method != "GET" and asked.path.rpartition("/")[2].lower() not in reads
        ]

    def fail(self, method: str, pattern: str, answer: Answer, times: int = 1) -> None:
        """Answer the next matching requests so."""
        self.faults += [(method, pattern, answer)] * times

    def clients(self) -> AzureClients:
        """SDK clients that speak with it."""
        return clients_for(self.answer)

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        with self._lock:
            self.asked.append(asked)
            for fault in self.faults:
                method, pattern, answer = fault
                if method == asked.method and re.search(pattern, asked.path, re.IGNORECASE):
                    self.faults.remove(fault)
                    return answer
            return self._route(asked, asked.path.lower().replace("//", "/"))

    def _route(self, asked: Asked, path: str) -> Answer:  # noqa: PLR0911 - one for each kind of request
        if found := re.search(r"/providers/([\w.]+)(/register)?$", path):
            return self._provider(found.group(1), bool(found.group(2)))
        if path.endswith("/microsoft.authorization/permissions"):
            return self._permissions(path)
        if path.endswith(_TAGS):
            return self._tags(asked, path.removesuffix(_TAGS))
        if "/config/" in path or "/basicpublishingcredentialspolicies/" in path:
            return self._configuration(asked, path)
        if path.endswith(("/validate", "/georegions", "/checknameavailability")):
            return Answer(200, self._checked(path))
        if path.endswith("/syncfunctiontriggers"):
            return Answer(204)
        if path.endswith(("/listkeys", "/listcredentials")):
            return self._keys(path)
        if path.endswith("/resources"):
            return Answer(200, {"value": self._named(asked.query)})
        if path.endswith(("/roleassignments", "/registries")):
            return Answer(200, {"value": self._below(path)})
        return self._resource(asked, path)

    def _checked(self, path: str) -> Any:
        """What is asked before something is made: whether Azure would make it."""
        if path.endswith("/georegions"):
            return {"value": [{"name": name} for name in self.regions]}
        if path.endswith("/validate"):
            return self.validation
        refusals = {"microsoft.servicebus": self.namespace_refusal, "microsoft.web": self.site_refusal}
        refusal = refusals.get(path.split("/")[-2], self.name_refusal)
        return {"nameAvailable": not refusal, "message": refusal or None}

    def _permissions(self, path: str) -> Answer:
        """Those of the narrowest scope that a test has set; without any, everything is allowed."""
        known = {scope.lower(): held for scope, held in self.permissions.items() if path.startswith(scope.lower())}
        held = known[max(known, key=len)] if known else [{"actions": ["*"], "notActions": []}]
        return Answer(200, {"value": held})

    def _configuration(self, asked: Asked, path: str) -> Answer:
        if "/basicpublishingcredentialspolicies/" in path:
            self.publishing[path.rpartition("/")[2]] = asked.document["properties"]["allow"]
            return Answer(200, asked.document)
        if self._site(path) is None:
            return self._missing(path)
        if path.endswith("/web"):
            return self._config(asked, path)
        if path.endswith("/slotconfignames"):
            if asked.method == "PUT":
                self.sticky = asked.document["properties"]["appSettingNames"]
            return Answer(200, {"properties": {"appSettingNames": self.sticky}})
        if asked.method == "PUT":
            self.settings = asked.document["properties"]
        return Answer(200, {"properties": self.settings})

    def _provider(self, namespace: str, register: bool) -> Answer:
        if register:
            self.unregistered.discard(namespace)
        state = "NotRegistered" if namespace in self.unregistered else "Registered"
        return Answer(200, {"namespace": namespace, "registrationState": state})

    def _tags(self, asked: Asked, path: str) -> Answer:
        """Those of a resource; a PATCH merges."""
        if (document := self.resources.get(path)) is None:
            return self._missing(path)
        tags = document.setdefault("tags", {})
        if asked.method == "PATCH":
            tags.update(asked.document["properties"]["tags"])
        return Answer(200, {"properties": {"tags": tags}})

    def _below(self, path: str) -> list[dict[str, Any]]:
        kind = path.rpartition("/")[2]
        return [document for key, document in self.resources.items() if f"/{kind}/" in key]

    def _named(self, query: str) -> list[dict[str, Any]]:
        """The resources that a filter by type, and perhaps by name, means."""
        kind, *name = re.findall(r"'([^']+)'", unquote(query).replace("+", " "))
        wanted = f"/{kind}/{name[0] if name else '[^/]+'}$".lower()
        return [document for key, document in self.resources.items() if re.search(wanted, key)]

    def _site(self, path: str) -> dict[str, Any] | None:
        return self.resources.get(path.partition("/config/")[0])

    def _keys(self, path: str) -> Answer:
        """Two of an account, a rule or a registry."""
        *_, name, _ = path.split("/")
        keys = [self.key_of(name, number) for number in (1, 2)]
        if path.endswith("/listcredentials"):
            passwords = [{"name": "password", "value": value} for value in keys]
            return Answer(200, {"username": name, "passwords": passwords})
        if "/authorizationrules/" in path:
            known = name == "rootmanagesharedaccesskey" or name in self.rules
            return Answer(200, {"primaryKey": keys[0], "secondaryKey": keys[1]}) if known else self._missing(path)
        if path.removesuffix("/listkeys") not in self.resources:
            return self._missing(path)
        return Answer(200, {"keys": [{"keyName": f"key{n}", "value": key} for n, key in enumerate(keys, 1)]})

    def key_of(self, name: str, number: int = 1) -> str:
        """The key of an account, a rule or a registry."""
        return f"{name.lower()}-key-{number}{'-rotated' * self.rotations}=="

    def _config(self, asked: Asked, path: str) -> Answer:
        site = self._site(path) or {"properties": {}}
        config = site["properties"].setdefault("siteConfig", {})
        if asked.method == "PATCH":
            config.update(asked.document["properties"])
            self._take_settings(config)
        return Answer(200, {"properties": config})

    def _resource(self, asked: Asked, path: str) -> Answer:
        if asked.method == "PUT":
            self.resources[path] = self._made(asked, path)
        elif asked.method == "PATCH" and path in self.resources:
            known = self.resources[path]
            merged = {**known.get("properties", {}), **asked.document.get("properties", {})}
            known.update(asked.document, properties=merged)
        elif asked.method == "DELETE":
            return Answer(200 if self.resources.pop(path, None) else 204)
        document = self.resources.get(path)
        return Answer(200, document) if document else self._missing(path)

    def _made(self, asked: Asked, path: str) -> dict[str, Any]:
        name = asked.path.rpartition("/")[2]
        document = {"id": asked.path, "name": name, "type": "x", **asked.document}
        properties = document.setdefault("properties", {})
        properties["provisioningState"] = "Succeeded"
        if re.search(r"/storageaccounts/[^/]+$", path):
            services = {service: f"https://{name}.{service}.test/" for service in ("blob", "queue", "table")}
            properties["primaryEndpoints"] = services
        if re.search(r"/microsoft\.servicebus/namespaces/[^/]+$", path):
            properties |= {"serviceBusEndpoint": f"https://{name}.servicebus.test:443/", "status": "Active"}
        if "/serverfarms/" in path:
            document["sku"] = {**document["sku"], "tier": TIERS[document["sku"]["name"][0]]}
        if "/userassignedidentities/" in path:
            properties |= {
                "principalId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"principal {name}")),
                "clientId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"client {name}")),
            }
        if "/microsoft.insights/components/" in path:
            properties["ConnectionString"] = f"InstrumentationKey={name}"
        if "/roleassignments/" in path:
            properties["scope"] = asked.path.partition("/providers/Microsoft.Authorization")[0]
        if "/sites/" in path:
            properties["defaultHostName"] = f"{name}.test"
            self._take_settings(properties["siteConfig"])
        return document

    def _take_settings(self, config: dict[str, Any]) -> None:
        """A part of a configuration that replaces them all, and is not shown in it."""
        if "appSettings" in config:
            self.settings = {setting["name"]: setting["value"] for setting in config.pop("appSettings")}

    def _missing(self, path: str) -> Answer:
        group = "/".join(path.split("/")[:5])
        if "/providers/" in path and group not in self.resources:
            return arm_error(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        return arm_error(404, "ResourceNotFound", f"The resource '{path}' was not found.")
