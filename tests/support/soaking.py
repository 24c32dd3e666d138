"""Deployments with bad luck: what each came to, and what a run after it without bad luck makes of that."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from azure_sandbox.faults import Fault
from support.deployer import Deployer
from support.deployment import GITHUB
from support.inspecting import refresh_token
from support.live_sites import scored, site_of
from support.live_state import live_state
from support.pipelines_step import AzurePipelines, PipelinesRun
from support.small_disk import small_disk
from support.soak_figures import Outcome
from support.stored_images import Reader
from support.warm import WarmRun

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run, Started
    from support.trials import Trial

CAUSES = frozenset(range(2, 10))
"""The exit codes that name a cause."""
INTERRUPTED = 130
STEADY = "soak-steady"
"""The app that is changed again and again."""
_HELD = 0.5
"""Seconds for which the request at which a signal comes is kept back; then it is done."""
_OLD = 3600
"""Seconds, which make a folder of a killed run old enough to be removed."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A run with bad luck: what it left, how long it took, and its most memory in MiB."""

    run: Run
    seconds: float
    mib: float


class Soak:
    """Apps of one small project, on a sandbox that nothing else uses meanwhile.

    Args:
        sandbox: Where to.
        folder: For workspace, logs and temporary files.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        whole = self._app("soak-whole").run(image_name="soak", storage_account="soakwholestore")
        assert whole.code == 0, whole.log
        self._whole = live_state(sandbox, "soak-whole")

    def outcome(self, trial: Trial) -> Outcome:
        """What comes of a trial: a run with its bad luck, and where that did not converge, one without."""
        app = self._app(_name(trial), on_pipelines=trial.on_pipelines)
        weights = app.folder / "model" / "weights.txt"
        weights.write_text("first" if trial.kind == "first" else f"seed {trial.seed}")
        temporary, left = (self.folder / f"{name}-{trial.seed}" for name in ("temporary", "left"))
        temporary.mkdir()
        app.environ["TMPDIR"] = str(temporary)
        disk = small_disk(temporary, f"size={trial.disk}k") if trial.disk is not None else nullcontext()
        with disk:
            ended = self._ended(trial, app, left)
            run, wrong = ended.run, _faults_of(ended.run, trial)
            wrong += [] if run.code == -signal.SIGKILL else _behind(temporary)
        again = run.code != 0 or trial.deaf or trial.was_lied_to
        if again:
            _age(temporary)
            run = app.run(**_inputs(trial))
            wrong += [f"the run after it: {run.log[-3000:]}"] if run.code else []
            wrong += _behind(temporary)
        wrong += self._differs(trial, run) if run.code == 0 else []
        if trial.kind == "first":
            self._remove(app)
        shutil.rmtree(temporary, ignore_errors=True)
        said, code = next(iter(ended.run.errors), ""), ended.run.code
        return Outcome(trial.seed, trial.words, code, said, ended.seconds, ended.mib, again, tuple(wrong))

    def _app(self, name: str, *, on_pipelines: bool = False) -> Deployer:
        host = AzurePipelines(self.sandbox) if on_pipelines else GITHUB
        return Deployer(self.sandbox, self.folder / "workspace", name, host=host)

    def _ended(self, trial: Trial, app: Deployer, left: Path) -> _Ended:
        """The run with bad luck."""
        faults = self.sandbox.faults
        for fault in trial.faults:
            faults.add(fault)
        if trial.signal is not None:
            faults.add(Fault("*", ".", hold=True, passes=trial.at))
        if trial.deaf:
            app.environ |= {"GITHUB_OUTPUT": "/dev/full", "GITHUB_STEP_SUMMARY": "/dev/full"}
        begun = time.monotonic()
        started = app.start(left, **_inputs(trial))
        try:
            self._watch(trial, started)
            run = started.run()
        finally:
            started.kill()
            faults.clear()
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
                app.environ.pop(name, None)
        mib = started.process.mib if isinstance(started.process, WarmRun) else 0.0
        return _Ended(run, round(time.monotonic() - begun, 1), mib)

    def _watch(self, trial: Trial, started: Started) -> None:
        """Wait for the end of a run as long as `Started.run` would, and give it its signal."""
        faults, signalled, until = self.sandbox.faults, 0.0, time.monotonic() + 240
        while started.process.poll() is None and time.monotonic() < until:
            if trial.signal is not None and faults.held and not signalled:
                started.process.send_signal(trial.signal)
                signalled = time.monotonic()
            if signalled and time.monotonic() > signalled + _HELD:
                faults.release()
            time.sleep(0.05)
        faults.release()

    def _differs(self, trial: Trial, run: Run) -> list[str]:
        """How what is there differs from what a run without bad luck makes."""
        if trial.kind == "first":
            state = live_state(self.sandbox, _name(trial))
            return [f"live: {state}, not {self._whole}"] if state != self._whole else []
        image = run.outputs["image"]
        if trial.kind == "package":
            repository, _, digest = image.partition("/")[2].partition("@")
            whole = _reader(self.sandbox, repository).image(repository, digest)
            return [] if whole.digest == digest else [f"the image {digest} is not whole"]
        site = site_of(self.sandbox, f"{STEADY}-group", STEADY)
        model = scored(self.sandbox, f"{STEADY}-group", STEADY, 1)["model"]
        found = (site.config["linuxFxVersion"], site.settings.get("SEED"), model)
        wanted = (f"DOCKER|{image}", f"seed-{trial.seed}", f"seed {trial.seed}")
        return [f"live: {found}, not {wanted}"] if found != wanted else []

    def _remove(self, app: Deployer) -> None:
        """Take away what runs: hundreds of apps keep a machine busy."""
        store = self.sandbox.arm.store
        for kind in ("Microsoft.Web/sites", "Microsoft.Storage/storageAccounts"):
            for one in store.list(resource_type=kind):
                if one.id.group == app.group:
                    store.remove(one.id)


def _name(trial: Trial) -> str:
    return f"soak-{trial.seed:04}" if trial.kind == "first" else STEADY


def _inputs(trial: Trial) -> dict[str, str]:
    if trial.kind == "package":
        return {"mode": "package", "image_name": "soak-package", "sample_request": ""}
    if trial.kind == "first":
        # The account's name has no hash, so that what is live can be compared.
        account = f"{_name(trial).replace('-', '')}store"
        return {"image_name": "soak", "verify_timeout": "60", "storage_account": account}
    return {"image_name": STEADY, "verify_timeout": "60", "app_settings": f"SEED=seed-{trial.seed}"}


def _faults_of(run: Run, trial: Trial) -> list[str]:
    """What is wrong with the end of a run, whatever befell it."""
    by_signal = trial.signal is not None and run.code in {INTERRUPTED, -trial.signal}
    checks = {
        f"exit code {run.code}": run.code == 0 or run.code in CAUSES or by_signal,
        "a traceback": "Traceback" not in run.log,
        "no cause": run.code == 0 or bool(run.errors) or by_signal,
    }
    wrong = [what for what, well in checks.items() if not well]
    wrong += [f"told the agent: {one}" for one in run.astray] if isinstance(run, PipelinesRun) else []
    return [*wrong, run.log[-4000:]] if wrong else []


def _behind(temporary: Path) -> list[str]:
    """What is left in the temporary folder."""
    names = sorted(path.name for path in temporary.iterdir())
    return [f"left behind: {names}"] if names else []


def _age(temporary: Path) -> None:
    """Let time pass: what is a minute old is removed, where its run is gone."""
    for path in [*temporary.glob("*/in-use"), *temporary.iterdir()]:
        os.utime(path, (time.time() - _OLD,) * 2)


def _reader(sandbox: Sandbox, repository: str) -> Reader:
    """Reads one repository of the sandbox's registry."""
    registry, session = sandbox.endpoints.registry, requests.Session()
    session.trust_env, session.verify = False, str(sandbox.endpoints.ca_bundle)
    scope, token = f"repository:{repository}:pull", refresh_token(sandbox)
    asked = {"grant_type": "refresh_token", "service": registry, "scope": scope, "refresh_token": token}
    answer = session.post(f"https://{registry}/oauth2/token", data=asked, timeout=30)
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return Reader(f"https://{registry}", session)
