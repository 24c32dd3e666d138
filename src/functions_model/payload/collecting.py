"""`azureml.ai.monitoring`: its `Collector` raises where nothing collects, and here nothing does.

Azure ML turns the collector on with variables, and runs a program beside the script that takes the data. Without them
`Collector(...)` raises in `init()` (azureml-ai-monitoring 1.0.0, collector_json.py, `_validate_mdc_config`). Turned on,
with a sample rate of 0, it takes the data and drops it, without a thread and without a queue that fills up
(config/config.py).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, MutableMapping

_PREFIX = "AZUREML_MDC_"
QUIET = {f"{_PREFIX}ENABLED": "true", f"{_PREFIX}SAMPLE_RATE": "0", f"{_PREFIX}WORKER_DISABLED": "true"}
_PACKAGE = "azureml.ai.monitoring"
_DROPPED = (
    "What the script's `Collector` gets is dropped: nothing collects it in a function app. With the app settings "
    "AZUREML_MDC_ENABLED=true and AZUREML_MDC_LOCAL_CAPTURE=true it goes into the app's log."
)


def be_quiet(environ: MutableMapping[str, str]) -> None:
    """Let collectors drop what they get, unless the user says what becomes of it."""
    if not any(name.upper().startswith(_PREFIX) for name in environ):
        environ.update(QUIET)


def what_becomes_of_it(environ: MutableMapping[str, str], modules: Container[str] = sys.modules) -> str:
    """Where a script's collected data goes, in sentences; empty when it collects none, or the user has decided."""
    dropped = all(environ.get(name) == value for name, value in QUIET.items())
    return _DROPPED if dropped and _PACKAGE in modules else ""
