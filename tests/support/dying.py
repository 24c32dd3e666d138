"""Apps that die on purpose, one for each trigger: a version that works, and whether it still answers."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from azure_sandbox.faults import Fault
from support.deployer import Deployer
from support.live_sites import site_id, site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

TRIGGERS = ("http", "blob", "service-bus-queue")
_WITHOUT_OUTPUT: dict[str, dict[str, str]] = {
    "http": {},
    "blob": {"input_path": "input/{name}.json"},
    "service-bus-queue": {"input_queue_name": "requests"},
}
INIT_RAISES = "    raise ValueError('the weights are torn')\n"
"""In place of the first line of the echo project's `init()`."""


@dataclass(frozen=True, slots=True)
class Mortal:
    """An app of the echo project, with a trigger.

    Attributes:
        trigger: As the input names it.
        deployer: Deploys it.
    """

    trigger: str
    deployer: Deployer

    def run(self, *, sample: bool = False, **inputs: str) -> Run:
        """One run, by default without a sample."""
        return self.deployer.run(**self._given(sample=sample, **inputs))

    def run_while(self, change: Callable[[], object], folder: Path, **how: Any) -> Run:
        """One run of a new model, in which something is changed just before its image is set, in the app or its slot.

        Args:
            change: Changes it.
            folder: For what the run leaves behind.
            how: As for `run`.
        """
        faults, deployer = self.deployer.sandbox.faults, self.deployer
        weights = deployer.folder / "model" / "weights.txt"
        faults.add(Fault("PATCH", f"/sites/{deployer.app}(/slots/[^/]+)?/config/web", hold=True))
        weights.write_text(f"second {time.monotonic()}")
        try:
            started = deployer.start(folder, **self._given(**how))
            while not faults.held:
                assert started.process.poll() is None, started.log
                time.sleep(0.01)
            change()
            faults.release()
            return started.run()
        finally:
            faults.clear()
            weights.write_text("first")

    def _given(self, *, sample: bool = False, **inputs: str) -> dict[str, str]:
        given = {"trigger": self.trigger, "verify_timeout": "60", **_WITHOUT_OUTPUT[self.trigger]}
        return {**given, "sample_request": "sample.json" if sample else "", **inputs}

    def run_with(self, script: Callable[[str], str], **how: Any) -> Run:
        """One run with another script; the script that works is put back."""
        file = self.deployer.folder / "src" / "score.py"
        works = file.read_text()
        file.write_text(script(works))
        try:
            return self.run(**how)
        finally:
            file.write_text(works)

    def model(self, slot: str = "") -> str:
        """Which model answers, asked with the host's master key."""
        site, sandbox = site_of(*self._where, slot), self.deployer.sandbox
        keys = sandbox.data.apps.keys(str(site_id(*self._where, slot)))
        answer = requests.post(
            f"https://{site.host_name}/api/{'score' if self.trigger == 'http' else 'check'}",
            json={},
            headers={"x-functions-key": keys.master if keys else ""},
            verify=str(sandbox.endpoints.ca_bundle),
            timeout=60,
        )
        answer.raise_for_status()
        return str(json.loads(answer.text)["model"])

    def running(self, slot: str = "") -> str:
        """The image that it is to run."""
        return str(site_of(*self._where, slot).config["linuxFxVersion"])

    def rewire(self, name: str, value: str) -> None:
        """Give a setting another value, as somebody else would; it counts from the next start on."""
        site = site_of(*self._where)
        site.settings = {**site.settings, name: value}

    def restart(self) -> None:
        """Start its container again, with the settings that it has now."""
        sites = self.deployer.sandbox.arm.sites
        sites.apply(site_id(*self._where), site_of(*self._where), always_restart=True)

    def setting(self, name: str) -> str:
        """The value of a setting."""
        return site_of(*self._where).settings[name]

    def close(self, *, shut: bool) -> None:
        """Let nobody from outside its network into the app and its slot `staging`, or everybody."""
        arm, access = self.deployer.sandbox.arm, "Disabled" if shut else "Enabled"
        for slot in ("", "staging"):
            resource = arm.store.get(site_id(*self._where, slot))
            resource.properties["publicNetworkAccess"] = access
            arm.sites.apply(resource.id, site_of(*self._where, slot), always_restart=False)

    def logs(self) -> bool:
        """Whether its container log is on."""
        return bool(site_of(*self._where).config["httpLoggingEnabled"])

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Its container log is off meanwhile."""
        self._keep_log(on=False)
        try:
            yield
        finally:
            self._keep_log(on=True)

    def _keep_log(self, *, on: bool) -> None:
        site = site_of(*self._where)
        site.config = {**site.config, "httpLoggingEnabled": on}
        self.deployer.sandbox.arm.sites.apply(site_id(*self._where), site, always_restart=False)

    def isolate(self, *, shut: bool) -> None:
        """Keep `/admin` to Azure in the app, or let the master key in."""
        arm = self.deployer.sandbox.arm
        resource = arm.store.get(site_id(*self._where))
        resource.properties["functionsRuntimeAdminIsolationEnabled"] = shut
        arm.sites.apply(resource.id, site_of(*self._where), always_restart=False)

    @property
    def _where(self) -> tuple[Sandbox, str, str]:
        return self.deployer.sandbox, self.deployer.group, self.deployer.app


def mortal(sandbox: Sandbox, folder: Path, trigger: str, name: str) -> Mortal:
    """An app with that trigger; nothing is deployed yet."""
    return Mortal(trigger, Deployer(sandbox, folder, f"{name}-{trigger.removeprefix('service-bus-')}"))


def with_init(line: str) -> Callable[[str], str]:
    """The echo project's script with another first line of `init()`."""
    return lambda script: script.replace("    global model\n", line)
