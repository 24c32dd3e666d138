"""Logged in to a sandbox: the product's own clients, and what its provisioning does there."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from azure_sandbox.sandbox import Sandbox
from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import Cloud, resolve_cloud
from functions_model.azure.login import MaskingCredential, credential_for
from functions_model.core.secrets import Login
from functions_model.core.spec import ImageTarget
from functions_model.provision import RegistryResource, ResourcePlan, RunContext, apply, find_registry, observe, plan
from support.ci import RecordingCi
from support.fake_data_plane import fake_data_plane
from support.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.ci.host import Facts
    from functions_model.core.secrets import Secret

AUDIENCE = "api://AzureADTokenExchange"


class JobCi(RecordingCi):
    """A CI host whose identity tokens come from the sandbox's GitHub."""

    def __init__(self, sandbox: Sandbox, facts: Facts | None = None) -> None:
        super().__init__(facts, has_identity=True)
        self._endpoints = sandbox.endpoints

    def identity_token(self, audience: str) -> str:
        answer = requests.get(
            self._endpoints.oidc_request_url,
            params={"audience": audience},
            headers={"authorization": f"Bearer {self._endpoints.oidc_request_token}"},
            verify=str(self._endpoints.ca_file),
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["value"])


@dataclass(frozen=True)
class Azure:
    """A sandbox that somebody is logged in to."""

    sandbox: Sandbox
    clients: AzureClients
    registry: RegistryResource
    closing: ExitStack

    def log_in(self, login: Login) -> MaskingCredential:
        """One more credential, closed at the end of the test."""
        return self.closing.enter_context(closing(log_in(self.sandbox, login)))

    def plan(self, **changes: Any) -> ResourcePlan:
        want = wanted(registry=self.registry, subscription_id=self.sandbox.subscription_id, **changes)
        return plan(want, observe(self.clients, want))

    def apply(self, resource_plan: ResourcePlan) -> Any:
        image: Future[object] = Future()
        image.set_result(None)
        return apply(resource_plan, self.clients, RunContext(sleep=lambda _: None), ready={"image": image})

    def writes(self) -> list[tuple[str, str]]:
        return [
            (entry.method, entry.path.partition("?")[0].rpartition("/")[2]) for entry in self.sandbox.journal.writes()
        ]


def cloud_of(sandbox: Sandbox) -> Cloud:
    ca = str(sandbox.endpoints.ca_file)
    return resolve_cloud(
        sandbox.endpoints.resource_manager, fetch=lambda url: requests.get(url, verify=ca, timeout=30).json()
    )


def login_of(sandbox: Sandbox, secret: Secret | None = None) -> Login:
    ends = sandbox.endpoints
    return Login(ends.tenant_id, ends.client_id, secret, AUDIENCE, ends.resource_manager)


def log_in(sandbox: Sandbox, login: Login) -> MaskingCredential:
    """A credential that trusts the sandbox's certificates."""
    trust = {"connection_verify": str(sandbox.endpoints.ca_file)}
    credential = credential_for(login, cloud_of(sandbox), JobCi(sandbox), options=trust)
    assert isinstance(credential, MaskingCredential)
    return credential


@contextmanager
def logged_in(folder: Path, **options: Any) -> Iterator[Azure]:
    """A new sandbox without a data plane, and clients that are logged in to it."""
    with Sandbox(folder, data_plane=fake_data_plane, **options) as sandbox, logged_in_to(sandbox) as azure:
        yield azure


@contextmanager
def logged_in_to(sandbox: Sandbox, registry: str = "", login: Login | None = None) -> Iterator[Azure]:
    """Clients that are logged in to a sandbox; registry and login are its own ones when none are named."""
    with ExitStack() as stack:
        clients = AzureClients(
            stack.enter_context(closing(log_in(sandbox, login or login_of(sandbox)))),
            sandbox.subscription_id,
            cloud_of(sandbox),
            polling_interval=0,
            options={"connection_verify": str(sandbox.endpoints.ca_file), "retry_backoff_factor": 0},
        )
        stack.enter_context(closing(clients))
        yield Azure(
            sandbox,
            clients,
            find_registry(clients, ImageTarget(registry or sandbox.endpoints.registry, "package")),
            stack,
        )
