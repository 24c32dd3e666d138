"""What the user's script raised, as facts for those who may know them: where, what, and the traceback without others.

Frames of the inference server, of Flask and of the worker say nothing to the user: a traceback begins with the first
frame of the user's own, and what they called stays.
"""

from __future__ import annotations

import os
import re
import traceback
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CODE, MODEL = "code", "model"
"""What a path of the user's is relative to: the folder of the code, or AZUREML_MODEL_DIR."""
LONGEST_TEXT, LONGEST_TRACEBACK, MOST_FILES = 1000, 8000, 20
_ROOTS = ((CODE, "FUNCTIONS_MODEL_CODE_FOLDER"), (MODEL, "AZUREML_MODEL_DIR"), (CODE, "AML_APP_ROOT"))
"""The last one may be the folder above the code, in which the models lie, too."""
_PACKAGES = "site-packages"
_SERVERS = re.compile(
    r"<frozen |[/\\](azureml_inference_server_http|flask|werkzeug|functions_model_payload"
    r"|azure_functions_(worker|runtime)\w*)[/\\]"
)
"""Frames of those who call the script."""
_NOT_JSON = re.compile(r"Object of type (\w+) is not JSON serializable")


@dataclass(frozen=True)
class Place:
    """A line of the user's.

    Attributes:
        root: `code` or `model`.
        file: Its path below that, POSIX.
        line: Counted from 1.
        function: Its name; empty outside of functions.
    """

    root: str
    file: str
    line: int
    function: str = ""


@dataclass(frozen=True)
class ScriptFailure:
    """An exception of the user's script, or of what was made of its answer.

    Attributes:
        step: `import`, `init`, `run`, `answer`, `script` (it does not fit the server) or `server`.
        type: The exception's name.
        text: What it says.
        place: The last line of the user's own; None where there is none.
        module: What could not be imported, when that is it.
        missing: The path that is not there, below AZUREML_MODEL_DIR, when that is it.
        there: Paths below AZUREML_MODEL_DIR that are there, when `missing` is not.
        answer: The type that JSON does not know, when `run()` has returned one.
        traceback: Without frames of others; empty when none is left.
        id: By it those are told who may know it.
    """

    step: str
    type: str
    text: str
    place: Place | None = None
    module: str = ""
    missing: str = ""
    there: tuple[str, ...] = ()
    answer: str = ""
    traceback: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def brief(self) -> str:
        """`the entry script raised ValueError (score.py:18)`: without its text, which may hold anything."""
        where = f" ({self.place.file}:{self.place.line})" if self.place else ""
        return f"the entry script raised {self.type}{where}"


def failure_of(error: BaseException, environ: Mapping[str, str] = os.environ) -> ScriptFailure:
    """What an error is: one of the server's own that holds the user's, or any other.

    Args:
        error: As the inference server raised it, or what it went out of the server with.
        environ: The image's variables.
    """
    step, users = _users(error)
    text = str(users)[:LONGEST_TEXT]
    answer = _NOT_JSON.search(text) if step == "answer" else None
    missing = _missing(users, environ) if step in {"import", "init", "run"} else ""
    return ScriptFailure(
        step=step,
        type=type(users).__name__,
        text=text,
        place=_place(users, environ),
        module=str(getattr(users, "name", None) or "") if isinstance(users, ModuleNotFoundError) else "",
        missing=missing,
        there=tuple(_files(Path(environ["AZUREML_MODEL_DIR"]))) if missing else (),
        answer=answer[1] if answer else "",
        traceback="" if step == "answer" else "".join(_traceback(users, environ))[-LONGEST_TRACEBACK:],
    )


def place_of(file: str, line: int, function: str = "", environ: Mapping[str, str] = os.environ) -> Place | None:
    """The user's own line, where the file is theirs."""
    for root, variable in _ROOTS:
        folder = environ.get(variable)
        if not folder or _PACKAGES in Path(file).parts:
            continue
        for base in (folder, os.path.realpath(folder)):
            if file.startswith(f"{base}{os.sep}"):
                function = "" if function.startswith("<") else function
                return Place(root, Path(file).relative_to(base).as_posix(), line, function)
    return None


def _users(error: BaseException) -> tuple[str, BaseException]:
    """The step, and the user's own exception."""
    for link in _chain(error):
        name = type(link).__name__
        if name == "UserScriptImportException":
            return "import", link.user_ex  # type: ignore[attr-defined]
        if name == "UserScriptException":
            return "run" if _passed(link, "invoke_run") else "init", link.user_ex  # type: ignore[attr-defined]
        if name == "UserScriptError":
            return "script", link
    if _passed(error, "wrap_response"):
        return "answer", error
    return "run" if _passed(error, "invoke_run") else "server", error


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        seen.append(link)
        yield link
        link = link.__cause__ or link.__context__


def _passed(error: BaseException, function: str) -> bool:
    """Whether an error came through a function of the server's: one calls `run()`, another makes its result JSON."""
    return any(frame.f_code.co_name == function for frame, _ in traceback.walk_tb(error.__traceback__))


def _place(error: BaseException, environ: Mapping[str, str]) -> Place | None:
    """The last line of the user's own; that of an error of syntax is not in its traceback."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        found = place_of(error.filename, error.lineno, environ=environ)
        if found:
            return found
    frames = traceback.extract_tb(error.__traceback__)
    places = (place_of(one.filename, one.lineno or 0, one.name, environ) for one in reversed(frames))
    return next((place for place in places if place), None)


def _missing(error: BaseException, environ: Mapping[str, str]) -> str:
    """A path below AZUREML_MODEL_DIR that the error names, and that is not there; relative to it, or empty."""
    folder = environ.get("AZUREML_MODEL_DIR")
    if not folder:
        return ""
    named = getattr(error, "filename", None) if isinstance(error, OSError) else None
    found = re.search(rf"{re.escape(folder)}/[^'\"\n:;,)]+", str(named or error))
    path = found[0].rstrip(". ") if found else ""
    return os.path.relpath(path, folder) if path and not os.path.exists(path) else ""  # noqa: PTH110 - in text


def _files(folder: Path) -> Iterator[str]:
    """The first files below a folder, by name."""
    count = 0
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if count == MOST_FILES:
                return
            count += 1
            yield Path(path, name).relative_to(folder).as_posix()


def _traceback(error: BaseException, environ: Mapping[str, str]) -> Iterator[str]:
    told = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = told
    while link is not None:
        link.stack[:] = _kept(list(link.stack), environ)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return told.format()


def _kept(frames: list[traceback.FrameSummary], environ: Mapping[str, str]) -> list[traceback.FrameSummary]:
    """From the user's first frame on, and never those of the servers."""
    first = next((n for n, one in enumerate(frames) if place_of(one.filename, one.lineno or 0, environ=environ)), 0)
    return [one for one in frames[first:] if not _SERVERS.search(one.filename)]
