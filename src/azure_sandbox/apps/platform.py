"""App Service: reserves names, runs definitions, and tells how the apps are."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from azure_sandbox.apps.app_log import AppLog
from azure_sandbox.apps.engine import unheard
from azure_sandbox.apps.engines import make_engine
from azure_sandbox.apps.front_end import FrontEnd
from azure_sandbox.apps.host_storage import HostStorage
from azure_sandbox.apps.identity_endpoint import IdentityEndpoint
from azure_sandbox.apps.key_vaults import KeyVaults
from azure_sandbox.apps.login_gate import refusal
from azure_sandbox.apps.runner import Runner
from azure_sandbox.apps.service_bus_access import ServiceBusDoor
from azure_sandbox.apps.storage_accounts import StorageDoor
from azure_sandbox.apps.surroundings import Surroundings
from azure_sandbox.apps.way_out import WayOut
from azure_sandbox.contract import AppState
from azure_sandbox.pace import Pace
from azure_sandbox.web import WebServer, stop_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from azure_sandbox.apps.engine import Engine
    from azure_sandbox.apps.storage_accounts import Accounts
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import Directory, HostKeys, RoleBook, SiteDefinition

_LEARNING_SECONDS, _LOOK_SECONDS = 3.0, 0.02
"""So long, and so often, is looked whether a runner has read what its host tells."""


@dataclass(slots=True)
class _App:
    """One name: its front end is there from the moment the name is reserved."""

    server: WebServer | None = None
    runner: Runner | None = None
    site: SiteDefinition | None = None
    log: AppLog = field(default_factory=AppLog)

    def address(self) -> str | None:
        return self.runner.address if self.runner else None

    def host_name(self) -> str:
        return self.server.authority if self.server else ""

    def stopped(self) -> bool:
        return self.site is not None and self.site.state.lower() == "stopped"

    def closed(self) -> bool:
        return self.site is not None and not self.site.public


class Platform:
    """Runs function apps. Implements `contract.AppPlatform`; close it to stop them all.

    Args:
        root: A folder for its data.
        directory: Issues the tokens of the apps' identities.
        engine: `docker`, `process`, or an engine.
        tls: The sandbox's certificates.
        storage: The storage accounts that hosts keep their keys in.
        roles: Says what the apps' identities may do there.
        account_id: The ARM id of a storage account, by name; None when there is no such account.
        pace: How fast its hosts' listeners fail.
        watch: Put before the front end of each app: its application, and the app's name.
        hear: Told each line that an app writes, when it does.
        open_ports: What else of this machine the apps may reach.

    Attributes:
        key_vaults: What settings may refer to.
    """

    def __init__(
        self,
        root: Path,
        directory: Directory,
        engine: Engine | str,
        *,
        tls: TlsFiles,
        storage: Accounts,
        roles: RoleBook,
        account_id: Callable[[str], str | None],
        pace: Pace | None = None,
        watch: Callable[[ASGIApp, str], ASGIApp] = lambda app, _: app,
        hear: Callable[[str], None] = unheard,
        open_ports: frozenset[int] = frozenset(),
    ) -> None:
        self._watch = watch
        self._hear = hear
        self._tls = tls
        self._engine = make_engine(engine, root, tls.ca_file) if isinstance(engine, str) else engine
        door = StorageDoor(storage, account_id, directory, roles, tls.ca_file)
        namespaces = ServiceBusDoor(directory, tls.ca_file)
        self.key_vaults = KeyVaults(roles)
        identities = IdentityEndpoint(directory)
        way_out = WayOut(lambda: storage.ports() | {identities.port} | open_ports)
        self._closing = (identities.close, way_out.close)
        self._shared = Surroundings(
            engine=self._engine,
            directory=directory,
            storage=HostStorage(door),
            door=door,
            namespaces=namespaces,
            key_vaults=self.key_vaults,
            identities=identities,
            way_out=way_out.folder,
            pace=pace or Pace(),
            tls=tls,
        )
        self._apps: dict[str, _App] = {}
        self._ids: dict[str, str] = {}
        self._lock = threading.RLock()

    def reserve(self, name: str) -> str:
        """The host name (`localhost:PORT`) that the app with this name has, now and later."""
        return self._server_of(name).authority

    def apply(self, site: SiteDefinition) -> None:
        """Start the app, or restart it when anything in the definition differs. Returns at once."""
        self.reserve(site.name)
        with self._lock:
            app = self._apps[site.name.lower()]
            self._ids[site.resource_id.lower()] = site.name.lower()
            if app.site != site:
                app.site = site
                self._start(app)

    def restart(self, resource_id: str) -> None:
        """Start the app again. Returns at once.

        Raises:
            KeyError: No such app.
        """
        with self._lock:
            self._start(self._app(resource_id))

    def edit(self, name: str, files: Mapping[str, bytes]) -> str:
        """Exchange files of the running app, by absolute path; without files, start it from its image again.

        Returns:
            Why that failed; empty when its host has settled.
        """
        app = self._apps.get(name.lower())
        if app is None or app.runner is None:
            return "there is no such app"
        if files:
            return app.runner.edit(files)
        with self._lock:
            self._start(app)
        return ""

    def swap(self, first: SiteDefinition, second: SiteDefinition) -> bool:
        """Bring two definitions to life beside what runs at their sites; change over when both have had their try.

        Returns:
            False when the first does not come to life: then everything runs on as before.
        """
        with self._lock:
            pairs = [(self._apps[site.name.lower()], site) for site in (first, second)]
            warming = [Runner(site, app.host_name(), app.log, self._shared) for app, site in pairs]
        for runner in warming:
            runner.start()
        for runner in warming:
            runner.had_its_try()
        if warming[0].state is not AppState.RUNNING:
            for runner in warming:
                runner.release()
            return False
        with self._lock:
            for (app, site), runner in zip(pairs, warming, strict=True):
                previous, app.runner, app.site = app.runner, runner, site
                if previous:
                    previous.release()
        return True

    def remove(self, resource_id: str) -> None:
        """Stop the app and forget it; its name keeps its port. An unknown app is no error."""
        with self._lock:
            name = self._ids.pop(resource_id.lower(), None)
            if name is None:
                return
            app = self._apps[name]
            runner, app.runner, app.site = app.runner, None, None
            app.log = AppLog(hear=self._hear)
        self._shared.storage.forget(name)
        if runner:
            runner.release()

    def state(self, resource_id: str) -> AppState:
        """What the app is doing."""
        runner = self._runner(resource_id)
        return runner.state if runner else AppState.STOPPED

    def log(self, resource_id: str) -> str:
        """The container log: the platform's lines (pull, start, exit code) and the container's own.

        Raises:
            KeyError: No such app.
        """
        with self._lock:
            app = self._app(resource_id)
        return app.log.text()

    def ask_host(self, resource_id: str, method: str, path: str) -> tuple[int, bytes] | None:
        """What the host answers to the platform itself: status and body; None while no container answers."""
        runner = self._runner(resource_id)
        return runner.ask_host(method, path) if runner else None

    def keys(self, resource_id: str) -> HostKeys | None:
        """The host's keys; None until the host runs."""
        runner = self._learnt(resource_id)
        return runner.keys if runner else None

    def function_keys(self, resource_id: str, function: str) -> dict[str, str] | None:
        """One function's keys; None until the host runs, or when it has no such function."""
        runner = self._learnt(resource_id)
        if runner is None or runner.keys is None:
            return None
        return next((keys for name, keys in runner.function_keys.items() if name.lower() == function.lower()), None)

    def functions(self, resource_id: str) -> list[dict[str, object]] | None:
        """The functions that the host indexed, each with `name` and `config` (function.json); None until it runs."""
        runner = self._learnt(resource_id)
        return runner.functions if runner else None

    def _learnt(self, resource_id: str) -> Runner | None:
        """Its runner, which reads what a host tells a moment after that is up; the real one tells it at once."""
        runner, deadline = self._runner(resource_id), time.monotonic() + _LEARNING_SECONDS
        while runner and runner.functions is None and _runs(runner) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return runner

    def close(self) -> None:
        """Stop every app, and remove everything that the engine made."""
        with self._lock:
            apps, self._apps = list(self._apps.values()), {}
            self._ids.clear()
        runners = [app.runner for app in apps if app.runner]
        for runner in runners:
            runner.release()
        for runner in runners:
            runner.join()
        stop_all(app.server for app in apps if app.server)
        for close in self._closing:
            close()
        self._engine.close()

    def _server_of(self, name: str) -> WebServer:
        with self._lock:
            app = self._apps.setdefault(name.lower(), _App(log=AppLog(hear=self._hear)))
            if app.server is None:
                front = FrontEnd(app.address, app.stopped, app.closed, partial(self._refusal, app))
                app.server = WebServer(self._watch(front.app, name), tls=self._tls).start()
            return app.server

    def _refusal(self, app: _App, request: Request) -> Response | None:
        return refusal(app.site.authentication, request, self._shared.directory) if app.site else None

    def _start(self, app: _App) -> None:
        """Replace what runs by what the definition says."""
        site, previous = app.site, app.runner
        if site is None or app.server is None:
            return
        if app.stopped():
            app.runner = None
            if previous:
                previous.release()
            return
        app.runner = Runner(site, app.server.authority, app.log, self._shared, previous)
        app.runner.start()

    def _app(self, resource_id: str) -> _App:
        return self._apps[self._ids[resource_id.lower()]]

    def _runner(self, resource_id: str) -> Runner | None:
        with self._lock:
            name = self._ids.get(resource_id.lower())
            return self._apps[name].runner if name else None


def _runs(runner: Runner) -> bool:
    """Whether its host says so itself."""
    status, body = runner.ask_host("GET", "/admin/host/status") or (0, b"")
    return status == 200 and json.loads(body).get("state") == "Running"
