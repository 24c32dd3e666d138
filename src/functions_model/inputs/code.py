"""`entry-script`, `source-directory`, `host-json` and `sample-request`: files of the workspace."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path

from functions_model.core.failures import RuleBroken
from functions_model.core.registered import RegisteredAsset
from functions_model.core.spec import Code, Model
from functions_model.inputs.form import Form
from functions_model.inputs.models import needs_no_script
from functions_model.inputs.paths import Workspace, check_fetched

_HOST_JSON = "host.json"


def read_code(form: Form, models: Sequence[Model | RegisteredAsset] | None) -> Code | None:
    """The user's code; None when the model needs none, or something is wrong with it.

    Args:
        form: The texts.
        models: The models; None when they could not be read, though they were given.
    """
    written = form.text("entry-script")
    folder = form.take("source-directory", form.workspace.folder_in)
    if not written:
        _check_missing(form, models)
        return None
    script = form.take("entry-script", lambda text: _entry_script(text, form.workspace, folder))
    return Code(script, folder or script.parent, written) if script else None


def _check_missing(form: Form, models: Sequence[Model | RegisteredAsset] | None) -> None:
    if models is None and form.text("model-path"):
        return
    if models is None or not needs_no_script(models):
        form.miss("entry-script", "Give the Python script with `init()` and `run()`, as Azure ML takes it.")
    elif form.text("source-directory"):
        what = "it is given without `entry-script`, and an MLflow model alone brings no code of yours into the app"
        form.refuse("source-directory", what, "Give both, or none of them.")


def read_host_json(form: Form, code: Code | None) -> Path | None:
    """The file that was given, or the one in the source directory."""
    if form.text("host-json"):
        return form.take("host-json", form.workspace.file)
    beside = code.source_directory / _HOST_JSON if code else None
    if beside is None or not beside.is_file():
        return None
    return form.check("host-json", str(beside), form.workspace.file)


def _entry_script(text: str, workspace: Workspace, folder: Path | None) -> Path:
    """The script, relative to the workspace or, as Azure ML reads it, to the source directory."""
    if folder is not None:
        inside = folder.relative_to(workspace.folder) / text
        if not text.startswith("/") and (folder / text).is_file():
            text = str(inside)
    script = workspace.file(text)
    if script.suffix != ".py":
        raise RuleBroken(f"`{text}` is not a Python file", "Name a script that ends with `.py`.")
    if folder is not None and not script.is_relative_to(folder):
        raise RuleBroken(
            f"`{text}` lies outside the source directory `{folder.relative_to(workspace.folder)}`",
            "Move the script, or choose a source directory that holds it.",
        )
    return script


_AS_UTF8 = "Save it as UTF-8 without a byte order mark."
_OTHER_ENDING = "Mend it, or give a file that is no JSON another ending."


def take_sample(form: Form) -> Path | None:
    """The file, with what is wrong with it noted; None when none is given."""
    return form.take("sample-request", lambda text: _read(form.workspace.file(text), text))


def _read(path: Path, text: str) -> Path:
    check_fetched(path)
    content = path.read_bytes()
    if not content:
        raise RuleBroken(f"the file `{text}` is empty", "Write a request into it, or leave `sample-request` out.")
    if path.suffix.lower() == ".json":
        _check_json(content, text)
    return path


def _check_json(content: bytes, text: str) -> None:
    """Whether Python reads it, as it is sent: as JSON, byte by byte.

    Raises:
        RuleBroken: It begins with a byte order mark (RFC 8259, section 8.1), is not UTF-8, or is no JSON.
    """
    if content.startswith(BOM_UTF8):
        raise RuleBroken(f"`{text}` begins with a byte order mark, which JSON may not have", _AS_UTF8)
    try:
        json.loads(content.decode())
    except UnicodeDecodeError as error:
        raise RuleBroken(f"`{text}` is not UTF-8, as JSON must be", _AS_UTF8) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RuleBroken(f"`{text}` is no JSON: {error.msg} in {where}", _OTHER_ENDING) from error
