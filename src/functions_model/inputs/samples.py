"""The sample request: what would make every script refuse it is told before anything is made."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from functions_model.inputs.paths import check_fetched
from functions_model.inputs.rules import RuleBroken

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.inputs.form import Form

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
