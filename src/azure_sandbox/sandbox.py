"""A whole local Azure: the control plane and the data plane, joined."""

from __future__ import annotations

import secrets
import sys
import time
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from azure_sandbox.apps.engine import unheard
from azure_sandbox.arm.assembly import Arm, Platforms
from azure_sandbox.arm.authorization.definitions import OWNER
from azure_sandbox.arm.authorization.state import RoleAssignments
from azure_sandbox.arm.machine_learning.ready_made import make_workspace
from azure_sandbox.arm.machine_learning.state import IMAGE
from azure_sandbox.arm.monitor.components import component_with
from azure_sandbox.arm.operations import Durations
from azure_sandbox.arm.versions import PUBLIC
from azure_sandbox.azure_devops_oidc import AzureDevOpsOidc
from azure_sandbox.certificates import LOCAL, make_certificates
from azure_sandbox.data_plane import Surroundings, real_parts
from azure_sandbox.desk import desk
from azure_sandbox.directory import EntraDirectory
from azure_sandbox.endpoints import LOCATION, Endpoints
from azure_sandbox.faults import Faults
from azure_sandbox.faulty import Faulty
from azure_sandbox.front import Front
from azure_sandbox.furnished import first_principal, first_registry
from azure_sandbox.github_oidc import GithubOidc
from azure_sandbox.imds import Imds
from azure_sandbox.ingestion import Ingestion
from azure_sandbox.journal import Journal, Journaled
from azure_sandbox.registries import RegistryServers
from azure_sandbox.web import WebServer, listen, stop_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from socket import socket

    from starlette.types import ASGIApp

    from azure_sandbox.data_plane import DataPlane, Engine
    from azure_sandbox.directory import Application

SHARED_GROUP = "sandbox-shared"
REGISTRY = "sandboxregistry"
WORKSPACE = "sandboxworkspace"
BASE_REGISTRY = "mcr.microsoft.com"
"""What the registry of base images stands for; imports may name it so."""


class Sandbox:
    """A local Azure with one tenant, one subscription, one registry and one service principal. A context manager.

    Args:
        root: A folder for everything it writes.
        engine: What runs function apps; `auto` takes Docker where it answers.
        latency: Seconds added to each request.
        propagation_delay: Seconds until a new role assignment counts, and a new principal is found.
        durations: How long operations take.
        python: The base image's Python minor; the running interpreter's when left out.
        clock: Seconds since 1970, for tokens and roles.
        report: Told about slow steps.
        hear: Told each line that an app writes, when it does.
        data_plane: Builds what brings resources to life; the real parts when left out.
        cloud: Which of Azure's clouds it is, as far as versions of interfaces go: one of `arm.versions.CLOUDS`.
        address: Where it answers: `localhost`, or an IP address of this machine. Storage and Service Bus stay.

    Attributes:
        journal: What was asked.
        visits: What was asked of the apps; the service of an entry is the app's name.
        faults: What goes wrong.
        directory: Entra: credentials and token lifetimes.
        github_oidc, azure_devops: Identity tokens of a workflow run, and of one service connection.
        imds: The metadata service of a machine, whose own identity owns the subscription.
        roles: Role assignments.
        edit_token: Who shows it may exchange files of running apps.
        telemetry: What came to Application Insights.
        arm: Azure Resource Manager's state.
    """

    def __init__(
        self,
        root: Path,
        *,
        engine: Engine = "auto",
        latency: float = 0.0,
        propagation_delay: float = 0.0,
        durations: Durations | None = None,
        python: str | None = None,
        clock: Callable[[], float] = time.time,
        report: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
        hear: Callable[[str], None] = unheard,
        data_plane: Callable[[Surroundings, Engine, str | None], DataPlane] | None = None,
        cloud: str = PUBLIC,
        address: str = LOCAL,
    ) -> None:
        self._root = root.absolute()
        self._engine: Engine = engine
        self._latency = latency
        self._durations = durations or Durations()
        self._python, self._cloud = python, cloud
        self._report, self._hear, self._clock = report, hear, clock
        self._build_data_plane = data_plane or real_parts
        self._servers: list[WebServer] = []
        self._closing = ExitStack()
        self._closing.callback(stop_all, self._servers)
        self._address, self._listener = address, listen(address)
        self._origin = f"https://{address}:{self._listener.getsockname()[1]}"
        self.subscription_id = str(uuid.uuid4())
        self.edit_token = secrets.token_urlsafe(32)
        self.journal, self.visits, self.faults = Journal(), Journal(), Faults()
        self.directory = EntraDirectory(str(uuid.uuid4()), resource_manager=self._origin, clock=clock)
        self.github_oidc, self.azure_devops = GithubOidc(clock=clock), AzureDevOpsOidc(clock=clock)
        self.imds = Imds(self.directory)
        self.roles = RoleAssignments(self.directory, propagation_delay=propagation_delay, clock=clock)
        self.telemetry = Ingestion(lambda key: component_with(self.arm.store, key), self.directory, self.roles)

    def start(self) -> Self:
        """Bring everything up; after an error nothing is left running.

        Raises:
            EngineUnavailable: The engine that was asked for is not there.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything that was started."""
        self._closing.close()
        self._listener.close()
        self.telemetry.listener.close()

    def add_subscription(self, display_name: str, *, role: str | None = OWNER, tenant: str | None = None) -> str:
        """Add a subscription in which the service principal holds that role, a GUID, or none; the answer is its id.

        No login opens a subscription of another tenant.
        """
        made = self.arm.subscriptions.add(str(uuid.uuid4()), display_name, tenant)
        principal = self.directory.principal_of_client(self.endpoints.client_id)
        if role and principal:
            self.roles.grant(principal.object_id, role, f"/subscriptions/{made.id}")
        return made.id

    def register_model(
        self,
        name: str,
        content: Path | Mapping[str, bytes],
        *,
        version: str | None = None,
        kind: str = "custom_model",
        archived: bool = False,
    ) -> str:
        """Register a model in the workspace `sandboxworkspace`; its files are then in a real storage account.

        Args:
            name: The model's.
            content: A file, a folder, or paths and contents of the files in a folder `model`.
            version: The next number when left out.
            kind: `custom_model`, `mlflow_model` or `triton_model`.
            archived: Whether it was taken out of use.

        Returns:
            The version's ARM id.

        Raises:
            ValueError: There are no files, or that version is there.
        """
        known, where = self.arm.workspaces, self._workspace
        made = known.register_model(where, name, content, version=version, kind=kind, archived=archived)
        known.open(where)
        return made

    def register_environment(
        self,
        name: str,
        conda_text: str | None,
        *,
        image: str = IMAGE,
        version: str | None = None,
        archived: bool = False,
    ) -> str:
        """Register an environment in the workspace `sandboxworkspace`; without a conda file it is an image alone.

        Returns:
            The version's ARM id.

        Raises:
            ValueError: That version is there.
        """
        return self.arm.workspaces.register_environment(
            self._workspace, name, conda_text, image=image, version=version, archived=archived
        )

    def _start(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        self.tls = make_certificates(self._root / "tls", address=self._address)
        self.data = self._start_data_plane()
        base = self._serve(self._watched(self.data.base_app, "base-registry"))
        public = frozenset({BASE_REGISTRY, base.authority})
        watched = lambda current: self._watched(self.data.registry_app(current), "registry")  # noqa: E731
        self._serve(self._watched(self.telemetry.app(), "ingestion"), self.telemetry.listener)
        registries = RegistryServers(watched, self.tls, self.data.copy_image, public)
        self._closing.callback(registries.close)
        self.arm = Arm(
            self.subscription_id,
            self.directory,
            self.roles,
            Platforms(self.data.storage, self.data.apps, registries, self.data.service_bus),
            durations=self._durations,
            cloud=self._cloud,
            ingestion=self.telemetry.url,
        )
        front = Front(
            self.arm.service,
            self.directory,
            self.github_oidc,
            self.azure_devops,
            desk(self.data.edit, self.edit_token),
            registries=self._address,
            journal=self.journal,
            faults=self.faults,
            latency=self._latency,
            clock=self._clock,
        )
        self._serve(front, self._listener)
        imds = self._served(WebServer(self._watched(self.imds.app(), "imds"), tls=None))
        issuers = (self.github_oidc, self.azure_devops)
        application = first_principal(self.directory, issuers, self.imds, self.roles, self.subscription_id)
        registry = first_registry(self.arm, self.subscription_id, SHARED_GROUP, REGISTRY)
        self.endpoints = self._endpoints(application, registry, base.authority, imds.url)
        self._workspace = make_workspace(self.arm.workspaces, self.subscription_id, SHARED_GROUP, WORKSPACE, LOCATION)

    def _start_data_plane(self) -> DataPlane:
        surroundings = Surroundings(
            self._root,
            self.tls,
            self.directory,
            self.roles,
            storage=lambda: self.arm.accounts,
            service_bus=lambda: self.arm.service_bus,
            report=self._report,
            token_generation=lambda: self.faults.token_generation,
            pace=self._durations.listeners,
            watch=lambda app, name: Journaled(app, self.visits, name),
            hear=self._hear,
            open_ports=frozenset({self.telemetry.port}),
        )
        data = self._build_data_plane(surroundings, self._engine, self._python)
        self._closing.callback(data.close)
        for note in data.notes:
            self._report(note)
        return data

    def _serve(self, app: ASGIApp, listener: socket | None = None) -> WebServer:
        return self._served(WebServer(app, tls=self.tls, listener=listener))

    def _served(self, server: WebServer) -> WebServer:
        self._servers.append(server.start())
        return server

    def _watched(self, app: ASGIApp, service: str) -> ASGIApp:
        return Journaled(Faulty(app, self.faults, service, latency=self._latency), self.journal, service)

    def _endpoints(self, application: Application, registry: str, base_registry: str, imds: str) -> Endpoints:
        return Endpoints(
            resource_manager=self._origin,
            authority=self._origin,
            registry=registry,
            registry_name=REGISTRY,
            workspace=WORKSPACE,
            workspace_group=SHARED_GROUP,
            base_registry=base_registry,
            base_image=f"{base_registry}/{self.data.base_image}",
            python_version=self.data.python_version,
            ca_file=self.tls.ca_file,
            ca_bundle=self.tls.ca_bundle,
            subscription_id=self.subscription_id,
            tenant_id=self.directory.tenant_id,
            client_id=application.principal.client_id,
            client_secret=application.secret,
            oidc_subject=self.github_oidc.subject,
            # GitHub's URL has a query already: clients append `&audience=`.
            oidc_request_url=f"{self._origin}/github/run/idtoken?api-version=2.0",
            oidc_request_token=self.github_oidc.request_token,
            imds=imds,
            first_failure=str(self._durations.listeners.first_failure or ""),
        )

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()
