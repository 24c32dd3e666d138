"""`py-rattler`, which solves and installs conda packages: 80 MB that only real conda environments need.

Where it is not installed (extra `conda`) it is fetched once, exactly as the lock beside this file says, into a cache.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from functions_model.ci.own_folder import own_folder
from functions_model.core.failures import EnvironmentFailed, Location, Problem
from functions_model.core.masking import in_one_line
from functions_model.core.secrets import Secret
from functions_model.core.unanswered import unanswered_in
from functions_model.environment.request import CondaRequest, IndexSettings
from functions_model.environment.uv_process import UvRefused, clean, run_uv

_TOKEN = re.compile(r"/t/[^/\s`\"')]+")
_NETWORK = re.compile(r"(?:HTTP status|status code|sending request|connect|timed out|dns|request error)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(?:[^/@\s]*@)?([^/\s`\"')]+)")
_HASH = re.compile(r"(?:hash mismatch|sha-?256|did not match)", re.IGNORECASE)
_NONE_ANYWHERE = re.compile(r"Cannot solve the request because of: No candidates were found for ([^\n]+?)\.?")
"""The whole of what the solver says when it is not others that exclude a package."""
_CHANNEL = re.compile(r"\[channel=[^\]]*\]")
"""How the solver writes a package that is asked of one channel; its address says nothing to the user."""
_LONGEST = 300


def errors_of(rattler: Any) -> tuple[type[Exception], ...]:
    """Everything that py-rattler raises: errors of its own, and for some transfers those of Python."""
    own = [one for one in vars(rattler.exceptions).values() if isinstance(one, type) and issubclass(one, Exception)]
    return (OSError, RuntimeError, *own)


def explain_conda(action: str, error: Exception, request: CondaRequest) -> EnvironmentFailed:
    """The failure for an error of py-rattler: on the line of the package that it is about; its words are the detail."""
    words = without_tokens("\n".join(_chain(error)), request.secrets)
    problem = Problem(*_what(type(error).__name__, words), "environment-file", _where(words, request))
    return EnvironmentFailed(action, [problem], detail=words)


def without_tokens(text: str, secrets: Sequence[Secret]) -> str:
    """The text without the logins and tokens of channels' addresses."""
    return _TOKEN.sub("/t/***", clean(text, secrets))


def _chain(error: BaseException) -> list[str]:
    """What each error in a chain says."""
    words = [str(error)]
    while (cause := error.__cause__ or error.__context__) is not None:
        words.append(str(cause))
        error = cause
    return words


def _what(kind: str, words: str) -> tuple[str, str]:
    said = in_one_line(words, _LONGEST)
    if missing := _NONE_ANYWHERE.fullmatch(words.strip()):
        what = f"none of the channels has `{_CHANNEL.sub('', missing[1])}` for Linux on x86-64"
        return what, "Ask for a version that exists, or add the channel that has it."
    if kind == "SolverError":
        return f"no conda packages fit together ({said})", "Loosen a version, or add the channel that has the package."
    if _HASH.search(words):
        what = f"a conda package is not what its channel says ({said})"
        return what, "Ask the channel's owner before you install it."
    if (address := _ADDRESS.search(words)) and (silent := unanswered_in(words, address[1])):
        return silent.what, silent.remedy
    if kind == "GatewayError" or _NETWORK.search(words):
        return f"a conda channel could not be read ({said})", "Check its name or URL, its token, and the network."
    return f"py-rattler says: {said}", "The details have its full message."


def _where(words: str, request: CondaRequest) -> Location | None:
    """The line of the first package that the words name, else that of the first package."""
    named = [spec for spec in request.specs if re.search(rf"(?<![\w.-]){re.escape(spec.name)}(?![\w-])", words)]
    found = named or list(request.specs)
    return found[0].location if found else None


Answer = TypeVar("Answer")

LOCK = Path(__file__).with_name("rattler.lock")
_MOMENT = 0.05
_PANICS = frozenset({"RustPanic", "PanicException"})
"""What py-rattler raises where it meets what it does not expect; classes of no module that could be imported."""


def load_rattler(environ: Mapping[str, str], *, find: Callable[[str], Any] = importlib.import_module) -> Any:
    """The module `rattler`, fetched into the cache when it is not installed.

    Args:
        environ: Says where the cache is, and where packages come from.
        find: What imports a module.

    Raises:
        EnvironmentFailed: It is not installed, and cannot be fetched either.
    """
    try:
        return _whole(find)
    except ModuleNotFoundError as missing:
        if missing.name != "rattler":
            raise
    folder = fetch_rattler(environ)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
    return _whole(find)


def _whole(find: Callable[[str], Any]) -> Any:
    """The module with the parts that it does not import by itself."""
    module = find("rattler")
    for part in ("exceptions", "package_streaming"):
        find(f"rattler.{part}")
    return module


def run_rattler(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine of py-rattler gives.

    Its own threads let go of Python's objects just after they have answered. An interpreter that ends in that moment
    crashes (seen with 0.28, in one failing run of ten), so there is a moment's wait, with the interpreter's lock free.
    """
    import asyncio  # noqa: PLC0415 - few runs need conda

    try:
        return asyncio.run(work)
    except BaseException as error:
        if type(error).__name__ not in _PANICS:
            raise
        what = "it broke off: a channel, or a package of it, is not as it must be"
        raise RuntimeError(what) from error
    finally:
        time.sleep(_MOMENT)


def fetch_rattler(environ: Mapping[str, str]) -> Path:
    """The folder of the cache that holds it, filled on first use.

    Raises:
        EnvironmentFailed: It cannot be fetched, or the cache cannot be written.
    """
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = cache_folder(environ) / f"rattler-{key}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _install(folder, environ)
    except (UvRefused, OSError) as error:
        words = error.words if isinstance(error, UvRefused) else str(error)
        raise _failed(words) from None
    return folder


@contextmanager
def rattler_cache(name: str, environ: Mapping[str, str], *, work: Path, secrets: Sequence[Secret]) -> Iterator[Path]:
    """A folder for what py-rattler keeps.

    It notes the URL of everything. So where one is a secret, the folder lies in `work` and is removed again.
    """
    if not secrets:
        yield cache_folder(environ) / name
        return
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix=f"{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where this tool keeps what it fetches: below `XDG_CACHE_HOME`, else below the home folder's `.cache`."""
    home = environ.get("XDG_CACHE_HOME") or (environ.get("HOME") and f"{environ['HOME']}/.cache")
    # A folder that others could have filled before us is no cache: without a home there is one of this user alone.
    return Path(home or Path(tempfile.gettempdir()) / f"functions-model-{os.getuid()}") / "functions-model"


def _install(folder: Path, environ: Mapping[str, str]) -> None:
    """Beside its place first, so that the folder is there whole or not at all."""
    with own_folder(folder.parent) as temporary:
        staged = temporary / "staged"
        arguments = [
            *("install", "--requirements", str(LOCK), "--require-hashes", "--no-deps", "--only-binary", ":all:"),
            *("--target", str(staged), "--python", sys.executable, "--no-python-downloads"),
        ]
        run_uv(arguments, cwd=folder.parent, environ=environ, indexes=IndexSettings())
        try:
            staged.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise


def _failed(words: str) -> EnvironmentFailed:
    remedy = "Install `functions-model-action[conda]` beforehand, or allow this machine to fetch `py-rattler`."
    reason = in_one_line(words, _LONGEST)
    what = f"`py-rattler`, which installs conda packages, is not here and could not be fetched ({reason})"
    return EnvironmentFailed("prepare for conda packages", [Problem(what, remedy)], detail=words)
