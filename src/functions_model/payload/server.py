"""Microsoft's Azure ML inference server, started inside the Functions worker with the user's entry script.

The server is made for a process of its own: it reads its settings when it is imported, and ends the process when the
script does not load or `init()` raises. Here that becomes `StartFailed`, and the process lives on.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .collecting import be_quiet, observed, what_becomes_of_it
from .failures import failure_of
from .first_sdk import CODE_FOLDER, enter
from .measured import MEASURES, START
from .noted import NOTES, note_warnings
from .starting import Started, StartFailed
from .telemetry import import_without_telemetry
from .worker_log import kept_log, share_server_log

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from wsgiref.types import WSGIApplication

    from .failures import ScriptFailure
    from .metrics import Metrics

logger = logging.getLogger("functions_model")

NEEDED = ("AML_APP_ROOT", "AZUREML_ENTRY_SCRIPT")
COMPONENT = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY")
"""App settings that say where telemetry goes."""
LOG_HINT = "The app's log has the details."
_STEPS = {
    "import": "the entry script could not be imported",
    "init": "init() of the entry script failed",
    "server": "the inference server failed",
}


def start_server() -> WSGIApplication:
    """Load the entry script, run `init()`, and give the server's Flask application.

    Raises:
        StartFailed: The image is incomplete, the server's package is missing, or the script failed. The traceback is
            in the log.
    """
    _enter_app_root(os.environ)
    _find_conda_programs(os.environ)
    note_warnings()
    metrics = _metrics(os.environ)
    try:
        with kept_log(), MEASURES.taking(START):
            application = _create(metrics)
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - a script raises what it likes
        failed = _start_failed(problem)
        if metrics:
            metrics.not_started(failed.failure)
        raise failed from None
    finally:
        share_server_log()
        if told := what_becomes_of_it(os.environ):
            logger.warning("%s", told)
    if metrics:
        metrics.started(MEASURES.seconds)
    return application


def _metrics(environ: MutableMapping[str, str]) -> Metrics | None:
    """Those of this process; None, and nothing imported for them, where no Application Insights is named."""
    if not any(environ.get(name) for name in COMPONENT):
        return None
    try:
        from .metrics import begin, wanted  # noqa: PLC0415

        return begin(environ) if wanted(environ) else None
    except Exception:
        logger.exception("Application Insights gets no metrics of the model")
        return None


def _start_failed(problem: BaseException) -> StartFailed:
    """The failure. What the script raised stands in the log already: the server logs it before it gives up."""
    failure = NOTES.take()
    if failure is None:
        failure = failure_of(problem)
        NOTES.failed(failure)
        logger.error("The inference server did not start\n%s", failure.traceback)
    return StartFailed(_describe(failure), failure)


def _enter_app_root(environ: MutableMapping[str, str]) -> None:
    missing = [name for name in NEEDED if not environ.get(name)]
    if missing:
        message = f"Could not start the model: {' and '.join(missing)} is not set. Was this image made for a model?"
        raise StartFailed(message)
    root = Path(environ["AML_APP_ROOT"])
    script = root / environ["AZUREML_ENTRY_SCRIPT"]
    if not script.is_file():
        message = "Could not start the model: the entry script is not where AZUREML_ENTRY_SCRIPT says."
        raise StartFailed(message)
    code = enter(environ)
    roots = filter(None, environ.get("FUNCTIONS_MODEL_IMPORT_ROOTS", "").split(":"))
    for folder in (str(code), str(script.parent), *(os.path.normpath(code / within) for within in roots)):
        if folder not in sys.path:
            sys.path.append(folder)
    if "SCORING_TIMEOUT_MS" in environ:
        logger.warning(
            "SCORING_TIMEOUT_MS has no effect in a function app. `functionTimeout` in host.json is the limit."
        )


def _find_conda_programs(environ: MutableMapping[str, str]) -> None:
    """Let the script call programs of conda packages (`dot`, `ffmpeg`).

    Only here: the host and the base image's own scripts start before, with the base's programs.
    """
    prefix = environ.get("CONDA_PREFIX")
    if prefix and (folder := f"{prefix}/bin") not in environ.get("PATH", "").split(os.pathsep):
        environ["PATH"] = os.pathsep.join(filter(None, (folder, environ.get("PATH", ""))))


def _create(metrics: Metrics | None) -> WSGIApplication:
    from azureml_inference_server_http.server.config import config  # noqa: PLC0415 - it configures the log

    be_quiet(os.environ)  # not before: the server warns of variables that it does not know
    share_server_log()  # before the script is loaded, whose prints belong in the worker's log
    if not getattr(config, "app_insights_enabled", True):
        import_without_telemetry(Path(os.environ[CODE_FOLDER]))
    from azureml_inference_server_http.server.create_app import create  # noqa: PLC0415 - slow, and it reads settings
    from azureml_inference_server_http.server.user_script import UserScript  # noqa: PLC0415 - it is imported by now

    create_app: Callable[[], WSGIApplication] = create
    with MEASURES.steps_of(UserScript):
        application = observed(create_app())
    if metrics is None:
        return application
    UserScript.invoke_run = metrics.timed(UserScript.invoke_run)  # type: ignore[method-assign]
    return metrics.metered(application)


def _describe(failure: ScriptFailure) -> str:
    """Which step failed, and the name of the error; never its text, which may hold anything."""
    name = f"{failure.type} `{failure.module}`" if failure.module else failure.type
    if failure.step == "script":
        return f"Could not start the model: the entry script does not fit. {LOG_HINT}"
    return f"Could not start the model: {_STEPS.get(failure.step, _STEPS['server'])} ({name}). {LOG_HINT}"


SERVER: Started[WSGIApplication] = Started(start_server)
"""The one server of this process."""
