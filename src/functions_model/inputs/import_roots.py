"""Folders of the code in which the script's imports are looked for, too: given, or PYTHONPATH of a deployment file.

Azure ML's container has the code at `/var/azureml-app/<its folder>` and starts the server there
(azure-sdk-for-python, azure/ai/ml/_local_endpoints/azureml_image_context.py). An image of ours cannot take the variable
as it is: the folder of the dependencies stands in it.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from functions_model.core.spec import Code
from functions_model.inputs.form import Form

VARIABLE = "PYTHONPATH"
_INPUT = "import-roots"
_APP = PurePosixPath("/var/azureml-app")
_ABOVE = ".."


def given_roots(form: Form) -> tuple[Path, ...]:
    """Those of the input `import-roots`, absolute; what is wrong with them is noted."""
    lines = (line.strip() for line in form.text(_INPUT).splitlines())
    taken = [form.check(_INPUT, line, form.workspace.folder_in) for line in lines if line]
    return tuple(folder for folder in taken if folder)


def common_folder(*folders: Path) -> Path:
    """The innermost folder that holds all of them, or is one of them."""
    return Path(os.path.commonpath(folders))


def import_roots(form: Form, code: Code, given: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """The folders, relative to the source directory, POSIX; `..` is the folder above it.

    Args:
        form: What is none of a deployment file's has a note, what was given and lies elsewhere is refused.
        code: Has the source directory.
        given: Those of the input, absolute.
    """
    found = [*_within_source(form, code, given)]
    for part in filter(None, (part.strip() for part in form.file_pythonpath.split(":"))):
        folder = _within(part)
        if folder != "." and _is_there(code.source_directory, folder):
            found.append(folder)
        elif folder != ".":
            form.notes.append(
                f"`{part}` in the deployment file's `{VARIABLE}` is not used: the code has no such folder."
            )
    return tuple(dict.fromkeys(found))


def _within_source(form: Form, code: Code, given: tuple[Path, ...]) -> Iterator[str]:
    source, top = code.source_directory, form.workspace.folder
    for folder in given:
        if not folder.is_relative_to(source):
            shown, both = folder.relative_to(top), common_folder(folder, source).relative_to(top)
            what = f"`{shown}` lies outside the source directory `{source.relative_to(top)}`"
            form.refuse(_INPUT, what, f"Set `source-directory: {both}`.")
        elif folder != source:
            yield folder.relative_to(source).as_posix()


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
