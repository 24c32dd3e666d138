"""Firewalls of registries, on the sandbox's: who is kept out is told so, and never sent for a role."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
import requests

from azure_sandbox.apps.engine import PullFailed
from azure_sandbox.apps.image_pull import pull_image
from azure_sandbox.certificates import make_certificates
from azure_sandbox.contract import Principal, RegistryDefinition
from azure_sandbox.networks import APPS, OUTSIDE, NetworkRules
from azure_sandbox.registry.content import ContentStore
from azure_sandbox.registry.server import registry_app
from azure_sandbox.web import WebServer
from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.registry import find_manifest
from functions_model.registry.client import RegistryClient
from functions_model.verify.causes import named_cause
from support.adversity import Row, each
from support.fake_live_app import App

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.certificates import TlsFiles


class _Nobody:
    """A tenant in which nobody holds a role."""

    tenant_id = "nobody"

    def issue_token(self, client_id: str, audience: str) -> str:
        return f"{client_id} {audience}"

    def principal_of_client(self, client_id: str) -> Principal | None:
        return Principal(client_id, client_id, client_id)

    def principal_of_token(self, token: str, *_: str) -> Principal:
        return Principal(token, token, token)

    def roles(self, *_: str) -> frozenset[str]:
        return frozenset()

    def permits(self, *_: str, data: bool) -> bool:
        return data and False


@dataclass
class Guarded:
    """A registry whose rules can be set."""

    host: str
    tls: TlsFiles
    definitions: list[RegistryDefinition]

    def seen_by_us(self) -> str:
        """What a run on this machine says of it."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.tls.ca_file)
        client = RegistryClient(self.host, None, session=session, sleep=lambda _: None)
        with pytest.raises(RegistryFailed) as refused:
            find_manifest(client, ImageReference(self.host, "package", "v1"))
        return str(refused.value)

    def seen_by_an_app(self, folder: Path) -> str:
        """What a run says of an app whose platform pulls from it."""
        with pytest.raises(PullFailed) as refused:
            pull_image(f"{self.host}/package:v1", None, folder, self.tls.ca_file)
        cause = named_cause(f"Image pull failed: {refused.value}", App().endpoint())
        return f"{cause.meaning}. {cause.remedy}" if cause else str(refused.value)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    tls, definitions = make_certificates(tmp_path_factory.mktemp("tls")), list[RegistryDefinition]()
    nobody = _Nobody()
    app = registry_app(lambda: definitions[0], ContentStore(tmp_path_factory.mktemp("acr")), nobody, nobody)
    with WebServer(app, tls=tls) as server:
        definitions.append(RegistryDefinition("/registry", "contoso", server.authority))
        yield Guarded(server.authority, tls, definitions)


@dataclass(frozen=True)
class Rules:
    """Rules, and what is said of this machine and of an app.

    Attributes:
        rules: Of the registry.
        us: A word of what is said of this machine.
        app: A word of what is said of an app.
    """

    rules: NetworkRules
    us: str
    app: str
    never: tuple[str, ...] = field(default=())


_WALL, _APPS_WALL = "through the registry's firewall", "the registry's firewall keeps the app out"
ROWS: list[Row[Rules]] = [
    Row(
        "a registry is closed to public networks",
        "the firewall is told of both, and no role",
        Rules(NetworkRules(public=False), _WALL, _APPS_WALL, ("AcrPull", "Grant")),
        group="R17",
    ),
    Row(
        "a registry lets in the addresses of apps alone",
        "this machine hears of the firewall, the app of the role that it lacks",
        Rules(NetworkRules(open_to_all=False, addresses=(APPS,)), _WALL, "may not pull"),
    ),
    Row(
        "a registry lets in this machine alone",
        "the app hears of the firewall, this machine of the login that it lacks",
        Rules(NetworkRules(open_to_all=False, addresses=(f"{OUTSIDE}/32",)), "answered 401", _APPS_WALL),
    ),
]


@each(ROWS)
def test_registry_firewall(row: Row[Rules], guarded: Guarded, tmp_path: Path) -> None:
    """Before any login: a role would not help."""
    guarded.definitions[0] = replace(guarded.definitions[0], network=row.case.rules)

    ours, apps = guarded.seen_by_us(), guarded.seen_by_an_app(tmp_path)

    assert row.case.us in ours
    assert row.case.app in apps
    assert [word for word in row.case.never if word in ours + apps] == []
