"""One app's life: pull, start, watch, and try again, as App Service does."""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from azure_sandbox.apps import environment
from azure_sandbox.apps.editing import exchange
from azure_sandbox.apps.engine import ContainerSpec, PullFailed, StartFailed
from azure_sandbox.apps.handover import SECRETS_FILE, written
from azure_sandbox.apps.host_client import HostClient, HostGone
from azure_sandbox.apps.host_ids import stops_for
from azure_sandbox.apps.identity_pull import image_of, registry_login
from azure_sandbox.apps.image_pull import check_pull
from azure_sandbox.apps.listeners import Listeners
from azure_sandbox.apps.storage_accounts import StorageRefused
from azure_sandbox.contract import AppState, HostKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.apps.app_log import AppLog
    from azure_sandbox.apps.engine import Container
    from azure_sandbox.apps.stored_keys import StoredKeys
    from azure_sandbox.apps.surroundings import Surroundings
    from azure_sandbox.contract import SiteDefinition

_FIRST_RETRY, _LAST_RETRY = 0.5, 10.0
"""Seconds between tries; they double from the first to the last."""
_NOT_LOGGED = (
    "Logging is not enabled for this container.\n"
    "Please use https://aka.ms/linux-diagnostics to enable logging to see container logs here."
)
"""As the service puts it between its own lines: https://github.com/microsoft/vscode-azureappservice/issues/103."""
_TICK = 0.1
_EXIT_CHECK = 0.5
_STORAGE_RETRY = 1.0


class Runner:
    """Runs one definition of one app until it is stopped.

    Args:
        site: The definition.
        host_name: `localhost:PORT` of its front end.
        log: The app's log.
        shared: What every app shares.
        previous: The runner before, which must be gone first.
    """

    def __init__(
        self, site: SiteDefinition, host_name: str, log: AppLog, shared: Surroundings, previous: Runner | None = None
    ) -> None:
        self.site = site
        self._given = site
        self.state = AppState.STARTING
        # Written by the runner's thread alone, read by everybody.
        self.keys: HostKeys | None = None
        self.function_keys: dict[str, dict[str, str]] = {}
        self.functions: list[dict[str, object]] | None = None
        self.address: str | None = None
        self._host_name = host_name
        self._log = log
        self._shared = shared
        self._previous = previous
        self._container: Container | None = None
        self._edits: dict[str, bytes] = {}
        self._token = secrets.token_urlsafe(32)
        self._stored: StoredKeys | None = None
        self._listeners: Listeners | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"app-{site.name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def ask_host(self, method: str, path: str) -> tuple[int, bytes] | None:
        """What the host answers to the platform itself; None while no container answers."""
        if address := self.address:
            with closing(HostClient(address, self._token)) as host, suppress(HostGone):
                return host.ask(method, path)
        return None

    def edit(self, files: Mapping[str, bytes]) -> str:
        """Exchange files of the running app, by absolute path, until it gets another definition; why that failed."""
        container, address = self._container, self.address
        if container is None or address is None:
            return f"it does not run: {self.state}"
        self._edits |= files
        with closing(HostClient(address, self._token)) as host:
            return exchange(container, host, files)

    def had_its_try(self) -> None:
        """Wait until it runs, or has failed once."""
        while self.state is AppState.STARTING and not self._stop.wait(_TICK):
            pass

    def release(self) -> None:
        """Tell it to end; returns at once."""
        self._stop.set()

    def join(self) -> None:
        """Wait until its container is gone."""
        self._thread.join()

    def _run(self) -> None:
        if self._previous is not None:
            self._previous.release()
            self._previous.join()
            self._previous = None
        wait = _FIRST_RETRY
        while not self._stop.is_set():
            lived = self._try_once()
            wait = _FIRST_RETRY if lived else min(wait * 2, _LAST_RETRY)
            self._stop.wait(wait)
        self.state = AppState.STOPPED

    def _try_once(self) -> bool:
        """One pull, start and life; whether the app came to life at all."""
        try:
            container = self._bring_up()
        except PullFailed as failure:
            self._fail(f"Image pull failed: Verify docker image configuration and credentials. {failure}")
            return False
        except StartFailed as failure:
            self._fail(f"Container for site {self.site.name} could not be started: {failure}")
            return False
        except Exception as failure:  # noqa: BLE001 - an app is tried again, whatever the engine's client ran into
            self._fail(f"Site {self.site.name} could not be started: {type(failure).__name__}: {failure}")
            return False
        try:
            return self._watch(container)
        except Exception as failure:  # noqa: BLE001 - as above
            self._fail(f"Site {self.site.name} was lost: {type(failure).__name__}: {failure}")
            return False
        finally:
            self.address = self._container = None
            self.functions = self.keys = None
            self._end(container)

    def _end(self, container: Container) -> None:
        """Stop the listeners with their container: calls that still run end with it."""
        listeners, self._listeners = self._listeners, None
        if listeners:
            listeners.release()
        container.stop()
        if listeners:
            listeners.join()
        self._log.settle(container.log)

    def _bring_up(self) -> Container:
        self.site = self._shared.key_vaults.resolved(self._given)
        image = image_of(self.site)
        self._log.info(f"Pulling image: {image}")
        login = registry_login(self.site, self._shared.directory, self._shared.tls.ca_file)
        check_pull(image, login, self._shared.tls)
        self._shared.engine.pull(image, login)
        self._log.info(f"Successfully pulled image: {image}, starting container for site {self.site.name}")
        spec = ContainerSpec(
            name=self.site.name,
            image=image,
            environ={
                **environment.TRUST,
                **environment.container_environment(self.site, self._host_name),
                **self._shared.identities.variables(self.site),
            },
            files={
                **self._edits,
                SECRETS_FILE: self._handover(),
                environment.CA_BUNDLE: self._shared.tls.ca_bundle.read_bytes(),
            },
            port=environment.container_port(self.site),
            empty_home=environment.hides_home(self.site),
            way_out=self._shared.way_out,
            hear=self._log.hear,
        )
        container = self._shared.engine.start(spec)
        if self.site.container_log:
            self._log.follow(container.log)
        else:
            self._log.info(_NOT_LOGGED)
        return container

    def _handover(self) -> bytes:
        """What the host is told: the keys that its storage holds, or why it cannot have them."""
        told: dict[str, object] = {"platform": self._token}
        try:
            self._stored = self._shared.storage.keys(self.site)
            told["collision"] = self._shared.storage.collision(self.site, self._host_name)
            told["stops_for_collision"] = stops_for(self.site.app_settings)
        except StorageRefused as refused:
            self._stored = None
            told["storage_error"] = str(refused)
        return written(told, self._stored)

    def _watch(self, container: Container) -> bool:
        """Until the container ends or the app is stopped; whether it answered."""
        host = HostClient(container.address, self._token)
        try:
            if not self._wait_for_answer(container, host):
                return False
            self._log.info(f"Container for site {self.site.name} is ready to serve requests.")
            self.address, self._container = container.address, container
            self.state = AppState.RUNNING
            self._serve(container, host)
        finally:
            host.close()
        return True

    def _wait_for_answer(self, container: Container, host: HostClient) -> bool:
        self._log.info(f"Initiating warmup request to container for site {self.site.name}")
        limit = environment.start_seconds(self.site)
        deadline = time.monotonic() + limit
        while not self._stop.wait(_TICK):
            if (code := container.exit_code()) is not None:
                self._fail(f"Container for site {self.site.name} has exited with code {code}, failing site start")
                return False
            if host.answers():
                return True
            if time.monotonic() > deadline:
                port = environment.container_port(self.site)
                self._fail(
                    f"Container for site {self.site.name} did not respond to HTTP pings on port: {port} within "
                    f"{limit:.0f} seconds, failing site start. See container logs for debugging."
                )
                return False
        return False

    def _serve(self, container: Container, host: HostClient) -> None:
        checked = storage_checked = time.monotonic()
        while not self._stop.wait(_TICK):
            now = time.monotonic()
            if now - checked >= _EXIT_CHECK:
                checked = now
                if (code := container.exit_code()) is not None:
                    self._fail(f"Container for site {self.site.name} has exited with code {code}")
                    return
                self._notice_restart(host)
            if self.functions is None:
                state = host.state()
                if state == "Running":
                    self._learn(host)
                elif state == "Error" and now - storage_checked >= _STORAGE_RETRY:
                    storage_checked = now
                    container.write(SECRETS_FILE, self._handover())

    def _notice_restart(self, host: HostClient) -> None:
        """Listeners start anew with a host that started again in its process."""
        listeners = self._listeners
        if listeners and listeners.busy and host.run() not in {None, listeners.run}:
            self._listeners = self.functions = None
            listeners.release()
            listeners.join()

    def _learn(self, host: HostClient) -> None:
        """The host is up: read what it indexed, and keep the keys that it made."""
        functions, told = host.functions(), host.listeners()
        if functions is None or told is None:
            return
        names = [str(function["name"]) for function in functions]
        self.function_keys = {name: host.function_keys(name) for name in names}
        if self._stored is not None:
            new = {
                name: keys for name, keys in self.function_keys.items() if name.lower() not in self._stored.functions
            }
            try:
                self._shared.storage.store_function_keys(self.site, new)
            except StorageRefused as refused:
                self._log.error(f"Function keys could not be stored: {refused}")
            self.keys = HostKeys(self._stored.master, self._stored.host, self._stored.system)
        self.functions = functions
        own, shared = HostClient(host.address, self._token), self._shared
        self._listeners = Listeners(self.site, own, (shared.door, shared.namespaces), told, shared.pace)
        self._listeners.start()

    def _fail(self, text: str) -> None:
        self.state = AppState.FAILED
        self._log.error(text)
