"""Where the worker looks for modules: the order that the real worker arrives at, mode by mode."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PACKAGES = Path("site", "wwwroot", ".python_packages", "lib", "site-packages")
ALWAYS_ISOLATED = (3, 13)
"""From this Python on, the app's packages always come first."""


def module_path(
    current: Sequence[str], worker: str, app: str, environ: Mapping[str, str], version: tuple[int, int]
) -> list[str]:
    """The module search path.

    Args:
        current: `sys.path` as the interpreter made it.
        worker: The worker's folder.
        app: The app's root.
        environ: Environment variables.
        version: The interpreter's minor version.
    """
    # The real worker takes either variable for "on Azure".
    on_azure = bool(environ.get("WEBSITE_INSTANCE_ID") or environ.get("CONTAINER_NAME"))
    isolated = version >= ALWAYS_ISOLATED or environ.get("PYTHON_ISOLATE_WORKER_DEPENDENCIES", "").strip() in {
        "1",
        "true",
        "True",
    }
    given = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    interpreter = [entry for entry in current if entry not in {worker, "", *given}]
    packages = str(Path(environ.get("HOME", "/home")) / PACKAGES)
    if on_azure:
        # On Azure the worker starts itself again with a PYTHONPATH of its own: the image's is lost.
        ordered = [packages, *interpreter, worker, app] if isolated else [app, packages, worker, *interpreter]
    elif isolated:
        own = [entry for entry in given if _below(entry, environ.get("AzureWebJobsScriptRoot", app))][:1]
        ordered = [*own, *given, *interpreter, worker, app]
    else:
        ordered = [worker, *given, *interpreter, app]
    return list(dict.fromkeys(ordered))


def _below(entry: str, root: str) -> bool:
    return "site-packages" in entry and Path(entry).is_relative_to(root)
