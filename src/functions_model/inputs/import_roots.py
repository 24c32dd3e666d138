"""PYTHONPATH of a deployment file: folders of the code in which the script's imports are looked for, too.

Azure ML's container has the code at `/var/azureml-app/<its folder>` and starts the server there
(azure-sdk-for-python, azure/ai/ml/_local_endpoints/azureml_image_context.py). An image of ours cannot take the variable
as it is: the folder of the dependencies stands in it.
"""

from __future__ import annotations

import posixpath
from pathlib import Path, PurePosixPath

from functions_model.core.spec import Code
from functions_model.inputs.form import Form

VARIABLE = "PYTHONPATH"
_APP = PurePosixPath("/var/azureml-app")
_ABOVE = ".."


def import_roots(form: Form, code: Code) -> tuple[str, ...]:
    """The folders, relative to the source directory, POSIX; `..` is the folder above it. What is none has a note."""
    found: list[str] = []
    for part in filter(None, (part.strip() for part in form.file_pythonpath.split(":"))):
        folder = _within(part)
        if folder != "." and _is_there(code.source_directory, folder):
            found.append(folder)
        elif folder != ".":
            form.notes.append(
                f"`{part}` in the deployment file's `{VARIABLE}` is not used: the code has no such folder."
            )
    return tuple(dict.fromkeys(found))


def _within(part: str) -> str:
    """A folder's path from the code's own; what lies elsewhere keeps a path that leads out."""
    path = PurePosixPath(part)
    if path == _APP:
        return _ABOVE
    if path.is_relative_to(_APP):
        path = PurePosixPath(*path.relative_to(_APP).parts[1:])
    return posixpath.normpath(path)


def _is_there(source: Path, folder: str) -> bool:
    leads_out = folder.startswith(("/", f"{_ABOVE}/"))
    return folder == _ABOVE or (not leads_out and (source / folder).is_dir())
