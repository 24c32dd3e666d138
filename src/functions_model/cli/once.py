"""One run, from raw inputs to an exit code: the only place where a failure is caught."""

# ruff: noqa: PLC0415 - what tells the end of a run is imported at the end: the upload should begin at once

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model import pipeline
from functions_model.ci.host import Level
from functions_model.core.failures import Failure
from functions_model.core.removal import RemovalSpec
from functions_model.core.spec import DeploymentSpec
from functions_model.inputs import host_workspace, read_any
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.pipeline.events import AppVerified
from functions_model.report.narration import narrate
from functions_model.report.progress import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from functions_model.ci.host import CiHost
    from functions_model.pipeline.events import Event
    from functions_model.report.progress import Watched
    from functions_model.verify import Verified

BUG = 70
"""EX_SOFTWARE of sysexits.h: an error that is no `Failure` is our own."""

_SOURCE = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")
"""Variables that say which repository the code comes from."""
_REVISION = "org.opencontainers.image.revision"
_RUN_URL = "functions-model.run"
"""The page of the run that made an image."""

_SHORTEST_SECRET = 8
"""App settings shorter than this are not masked: starring out every `1` or `true` would hide the log itself."""


@dataclass(slots=True)
class Record:
    """What happened in a run, in order."""

    narrator: Callable[[Event], None]
    events: list[Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, event: Event) -> None:
        """Keep the event and write its line."""
        with self._lock:
            self.events.append(event)
        self.narrator(event)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        code: The exit code.
        spec: None when the inputs were refused.
        events: What happened.
        seconds: Wall time of the whole run.
    """

    code: int
    spec: DeploymentSpec | RemovalSpec | None
    events: tuple[Event, ...]
    seconds: float

    @property
    def verified(self) -> Verified:
        """The proof of a deployment that succeeded."""
        return next(event.verified for event in self.events if isinstance(event, AppVerified))


def run_once(values: Mapping[str, str], environ: Mapping[str, str], ci: CiHost, workspace: Path) -> Ending:
    """Run the pipeline once, watched, and tell its end to the CI host: outputs, summary, annotations.

    Args:
        values: Raw inputs by name.
        environ: The process environment.
        ci: The machine we run on behalf of.
        workspace: Relative paths among the inputs are resolved against it.
    """
    with watch(ci, sys.stdout) as watched:
        return _run_watched(values, environ, watched, workspace)


def _run_watched(values: Mapping[str, str], environ: Mapping[str, str], watched: Watched, workspace: Path) -> Ending:
    started, ci = time.monotonic(), watched.ci
    record = Record(narrate(ci))
    spec, failure = None, None
    try:
        mask_inputs(values, ci)
        spec = read_any(values, workspace=workspace, host_workspace=host_workspace(environ))
        mask_settings(spec, values, ci)
        _run(spec, record, environ, watched)
    except Failure as error:
        failure = error
        _tell_failure(error, ci, workspace)
    except KeyboardInterrupt:
        _tell_stopped(spec, record, ci, time.monotonic() - started)
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the user must see a whole story and exit code 70
        _tell_bug(ci)
        return Ending(BUG, spec, tuple(record.events), time.monotonic() - started)
    seconds = time.monotonic() - started
    _tell_end(spec, record.events, failure, ci, seconds)
    return Ending(failure.exit_code if failure else 0, spec, tuple(record.events), seconds)


def mask_inputs(values: Mapping[str, str], ci: CiHost) -> None:
    """Mask the secret inputs before anything else is done with them. App settings follow when they are read."""
    for item in CATALOGUE:
        if item.secret and item.name != "app-settings" and (value := values.get(item.name, "").strip()):
            ci.mask(value)


def mask_settings(spec: DeploymentSpec | RemovalSpec, values: Mapping[str, str], ci: CiHost) -> None:
    """Mask the values of the app settings, except short ones and those that stand in another, public input."""
    settings = spec.target.app_settings if isinstance(spec, DeploymentSpec) and spec.target else {}
    public = " ".join(value for name, value in values.items() if name not in {"app-settings", "client-secret"})
    for secret in settings.values():
        value = secret.reveal()
        if len(value) >= _SHORTEST_SECRET and value not in public:
            ci.mask(value)


def _run(spec: DeploymentSpec | RemovalSpec, record: Record, environ: Mapping[str, str], watched: Watched) -> None:
    with tempfile.TemporaryDirectory(prefix="functions-model-") as work:
        parts = pipeline.Parts(
            ci=watched.ci,
            work=Path(work),
            tell=record.tell,
            source={name: environ[name] for name in _SOURCE if name in environ},
            report=watched.report,
            provenance=provenance(environ),
        )
        if isinstance(spec, RemovalSpec):
            from functions_model.pipeline.destroy import destroy

            destroy(spec, parts)
        else:
            pipeline.run(spec, parts)


def provenance(environ: Mapping[str, str]) -> dict[str, str]:
    """Annotations that say which commit and which run of the CI host made an image; none outside of one."""
    found = {_REVISION: environ.get("GITHUB_SHA", "")}
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if server and repository and run:
        found |= {"org.opencontainers.image.source": f"{server}/{repository}"}
        found |= {_RUN_URL: f"{server}/{repository}/actions/runs/{run}"}
    return {name: text for name, text in found.items() if text}


def _tell_failure(failure: Failure, ci: CiHost, workspace: Path) -> None:
    """Each problem as an annotation of its own. Paths are shown as the user wrote them, below the workspace."""
    if failure.detail:
        with ci.group("Details"):
            ci.info(failure.detail)
    for problem in failure.problems:
        ci.annotate(Level.ERROR, str(problem).replace(f"{workspace}{os.sep}", ""), problem.location)


def _tell_stopped(spec: DeploymentSpec | RemovalSpec | None, record: Record, ci: CiHost, seconds: float) -> None:
    """Say what is live: whoever stops a run half-way has to know. The host gives a few seconds for it."""
    from functions_model.report.stopped import stopped

    failure = stopped(spec, record.events)
    ci.annotate(Level.ERROR, str(failure))
    _tell_end(spec, record.events, failure, ci, seconds)


def _tell_end(
    spec: DeploymentSpec | RemovalSpec | None,
    events: Sequence[Event],
    failure: Failure | None,
    ci: CiHost,
    seconds: float,
) -> None:
    """The outputs, and the summary page."""
    from functions_model.report.outputs import outputs
    from functions_model.report.page import summary

    for name, value in outputs(spec, events).items():
        ci.output(name, value)
    ci.summary(summary(spec, events, failure, seconds))


def _tell_bug(ci: CiHost) -> None:
    with ci.group("Traceback"):
        ci.info(traceback.format_exc())
    ci.annotate(
        Level.ERROR,
        "This is a bug in functions-model-action, not in your project. Please report it with the traceback above.",
    )
