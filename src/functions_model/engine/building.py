"""`docker build` through the engine's API, with its output as it comes."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import requests
from docker.errors import APIError
from docker.utils.build import create_archive

from functions_model.core.failures import Location
from functions_model.engine.connecting import EngineSession
from functions_model.engine.failing import explain
from functions_model.engine.own_dockerfile import OwnDockerfile

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
"""Build arguments that every engine knows: they are in no image's history.

https://docs.docker.com/reference/dockerfile/#predefined-args
"""
_STEP = re.compile(r"Step \d+/\d+ : (.+)")
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MOST_WORDS = 4000
"""Lines of a build that are kept for its failure."""


class Transcript:
    """What a build or a container says: passed on line by line, and kept for a failure.

    Args:
        log: Takes each line.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._rest = ""
        self._lines: list[str] = []
        self.step = ""

    def write(self, text: str) -> None:
        """More of the output; lines may be torn."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._line(line)

    def end(self) -> str:
        """Everything that was said."""
        if self._rest:
            self._line(self._rest)
            self._rest = ""
        return "\n".join(self._lines)

    def _line(self, line: str) -> None:
        # A progress bar writes over its own line: what stands there last is what people would see.
        plain = _TERMINAL.sub("", line.rstrip("\r").rpartition("\r")[2]).rstrip()
        if not plain:
            return
        if match := _STEP.match(plain):
            self.step = match[1]
        self._lines = [*self._lines[-_MOST_WORDS:], plain]
        self._log(plain)


def build_own(session: EngineSession, own: OwnDockerfile, tag: str) -> str:
    """Build a user's Dockerfile in its folder.

    Args:
        session: The engine.
        own: The Dockerfile.
        tag: The image's name in the engine.

    Returns:
        The image's ID.

    Raises:
        EnvironmentFailed: A step failed.
    """
    with tempfile.TemporaryFile(dir=session.work) as context:
        create_archive(str(own.folder), sorted({*own.files, own.path.name}), fileobj=context)
        context.seek(0)
        return _build(session, context, own.path.name, tag, subject="dockerfile", own=own)


def build_text(session: EngineSession, text: str, tag: str) -> str:
    """Build a Dockerfile that copies nothing. Returns and raises as `build_own`."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    context.seek(0)
    return _build(session, context, "Dockerfile", tag, subject="apt-packages")


def _build(
    session: EngineSession,
    context: IO[bytes],
    dockerfile: str,
    tag: str,
    *,
    subject: str,
    own: OwnDockerfile | None = None,
) -> str:
    transcript, action = Transcript(session.log), "build the part below the app"
    try:
        lines = session.api.build(
            fileobj=context,
            custom_context=True,
            dockerfile=dockerfile,
            tag=tag,
            decode=True,
            rm=True,
            forcerm=True,
            platform="linux/amd64",
            buildargs=proxies(session.environ),
        )
        made = _follow(lines, transcript)
    except (APIError, requests.RequestException) as error:
        transcript.write(f"{_said(error)}\n")
        made = ""
    if made:
        return str(session.api.inspect_image(made)["Id"])
    where = Location(own.path, own.parsed.line_of(transcript.step)) if own else None
    raise explain(action, transcript.end(), transcript.step, subject, where)


def _follow(lines: Iterable[Mapping[str, Any]], transcript: Transcript) -> str:
    """The ID of what was built; empty when it failed, and the transcript's last line says why."""
    made, failed = "", False
    for line in lines:  # to its end, also after an error: a stream that is left holds its connection
        if "error" in line:
            transcript.write(f"\n{line['error']}\n")
            failed = True
        transcript.write(str(line.get("stream", "")))
        made = str(line.get("aux", {}).get("ID", made))
    transcript.end()
    return "" if failed else made


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxies of this process, under both spellings."""
    found = {name: environ.get(name) or environ.get(name.lower()) for name in _PROXIES}
    return {spelling: value for name, value in found.items() if value for spelling in (name, name.lower())}


def _said(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error)
