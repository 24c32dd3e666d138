"""An interpreter that this machine lacks, fetched: by uv, else as conda-forge's package. Both are held to a hash."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from functions_model.ci.own_folder import own_folder
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.environment.conda_failures import explain_conda
from functions_model.environment.interpreters import PINNED, Pinned, is_compiler, own_pythons
from functions_model.environment.processes import Bounds
from functions_model.environment.rattler_tool import hearing, is_other_file, load_rattler
from functions_model.environment.request import CondaChannel, CondaRequest
from functions_model.environment.uv_process import UvRefused, install_python

_SECONDS = 60.0
"""For all of it. It has 30 MB, and a run goes on without it."""
_PUBLIC = CondaChannel("conda-forge", "conda-forge")
_PLATFORM, _MACHINE = "linux-64", "x86_64"
_ACTION = "fetch an interpreter"
_TOLD_NOT_TO = {"UV_OFFLINE": ("1", "true", "yes", "on", "y", "t"), "UV_PYTHON_DOWNLOADS": ("never", "manual", "false")}
"""Who tells uv so means conda-forge, too."""


class NotFetched(Exception):
    """There is no such interpreter to be had.

    Attributes:
        why: As the end of a sentence.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def fetch_compiler(
    version: str,
    environ: Mapping[str, str],
    channels: Sequence[CondaChannel] = (),
    *,
    pinned: Iterable[Pinned] = PINNED,
    seconds: float = _SECONDS,
) -> Path:
    """Fetch an interpreter into this tool's own cache, where it is whole or not at all.

    Args:
        version: `3.12.1`.
        environ: The process environment.
        channels: The conda channels that the environment names; conda-forge is asked where it names none.
        pinned: The packages of conda-forge that are known.
        seconds: What it may take.

    Raises:
        NotFetched: It cannot be fetched.
    """
    until, place = time.monotonic() + seconds, own_pythons(environ)
    package = next((one for one in pinned if one.version == version), None)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with own_folder(place, "fetching-") as work:
            fetching = _Fetching(version, work, environ, until)
            try:
                folder = fetching.by_uv()
            except NotFetched as first:
                if package is None or not _may_ask_conda(environ):
                    raise
                folder = fetching.from_conda(package, channels or (_PUBLIC,), first.why)
            program = f"bin/python{version.rpartition('.')[0]}"
            if not is_compiler(folder / program, version, environ):
                raise NotFetched("what came does not start on this machine")
            target = place / folder.name
            if not is_compiler(target / program, version, environ):  # else another run was faster
                shutil.rmtree(target, ignore_errors=True)
                folder.rename(target)
    except OSError as error:
        raise NotFetched(str(error)) from error
    return target / program


def _may_ask_conda(environ: Mapping[str, str]) -> bool:
    told_not_to = any(environ.get(name, "").lower() in words for name, words in _TOLD_NOT_TO.items())
    return platform.machine() == _MACHINE and not told_not_to


@dataclass(frozen=True, slots=True)
class _Fetching:
    """What is fetched, and where to.

    Attributes:
        version: Exact.
        work: An empty folder.
        environ: The process environment.
        until: When it must be there.
    """

    version: str
    work: Path
    environ: Mapping[str, str]
    until: float

    @property
    def bounds(self) -> Bounds:
        """What is left of the time."""
        return Bounds(seconds=max(1.0, self.until - time.monotonic()))

    def by_uv(self) -> Path:
        """The folder that it is in.

        Raises:
            NotFetched: uv could not.
        """
        try:
            install_python(self.version, self.work, self.environ, self.bounds)
        except UvRefused as refused:
            raise NotFetched(_cause(refused.words)) from None
        folder = next(self.work.glob(f"cpython-{self.version}-*"), None)
        if folder is None:
            raise NotFetched("uv brought another version")
        return folder

    def from_conda(self, package: Pinned, channels: Iterable[CondaChannel], why: str) -> Path:
        """The same, of the first channel that has the package.

        Raises:
            NotFetched: None has it, or py-rattler cannot be had.
        """
        for channel in channels:
            try:
                return self._linked(package, channel)
            except EnvironmentFailed as failure:
                why = f"{why}; {failure.problems[0].what}"
        raise NotFetched(why)

    def _linked(self, package: Pinned, channel: CondaChannel) -> Path:
        """The package alone: what compiles needs no library but the C library.

        Its hash is known, so a mirror need not be trusted. Nothing else of the channel is kept, as its address may be a
        secret.

        Raises:
            EnvironmentFailed: The channel has it not, or py-rattler cannot be had.
        """
        prefix, request = self.work / f"cpython-{self.version}-conda", CondaRequest((), (channel,), "")
        record = _record(package, channel)
        if is_other_file(record["url"], package.sha256):
            what = f"the channel `{channel.name}` has no `{record['fn']}` with the hash that it must have"
            raise EnvironmentFailed(_ACTION, [Problem(what, "Index the channel again.")])
        rattler = replace(load_rattler(self.environ), bounds=self.bounds)
        with hearing(lambda _: None) as told:
            asked = {
                "records": [record],
                "prefix": str(prefix),
                "cache": str(self.work / "packages"),
                "means": str(prefix),
                "platform": _PLATFORM,
                "told": told,
            }
            answer = rattler.ask("install", asked, _ACTION, request)
        if error := answer.get("error"):
            raise explain_conda(_ACTION, error["kind"], error["words"], request)
        return prefix


def _cause(words: str) -> str:
    """The line of uv's words that says most."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("Hash mismatch", "HTTP status"))), (lines or ["uv"])[-1])


def _record(package: Pinned, channel: CondaChannel) -> dict[str, Any]:
    name = f"python-{package.version}-{package.build}.conda"
    return {
        "name": "python",
        "version": package.version,
        "build": package.build,
        "build_number": 0,
        "depends": [],
        "subdir": _PLATFORM,
        "sha256": package.sha256,
        "fn": name,
        "url": f"{_address(channel)}/{_PLATFORM}/{name}",
        "channel": _address(channel),
    }


def _address(channel: CondaChannel) -> str:
    address = channel.address.rstrip("/")
    return address if "://" in address else f"https://conda.anaconda.org/{address}"
