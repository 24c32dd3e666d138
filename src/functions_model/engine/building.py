"""`docker build` through the engine's API, with its output as it comes, and what its last words mean to the user."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import IO, Any

import requests
from docker.errors import APIError
from docker.utils.build import create_archive, mkbuildcontext

from functions_model.core.failures import Cause, EnvironmentFailed, Location, Problem
from functions_model.engine.connecting import EngineSession
from functions_model.engine.own_dockerfile import OwnDockerfile

_DETAIL_LINES = 60
_EXIT_CODE = re.compile(r"returned a non-zero code: (\d+)")


_CAUSES = (
    Cause(
        "disk-full",
        r"[Nn]o space left on device|[Dd]isk quota exceeded",
        "the container engine's disk is full",
        "Make space there: `docker system df` shows what takes it.",
    ),
    Cause(
        "no-c-compiler",
        r"(?:command|unable to execute) '[^']*(?:gcc|g\+\+|cc|clang)[^']*'(?: failed)?: No such file"
        r"|\[Errno 2\] No such file or directory: '[^']*(?:gcc|g\+\+|cc)'"
        r"|Unknown compiler\(s\)|No CMAKE_C(?:XX)?_COMPILER|no acceptable C compiler"
        r"|(?:gcc|cc|g\+\+): not found",
        "a package must be compiled, and the image has no C compiler",
        "Add `apt-packages: build-essential`.",
        "apt-packages",
    ),
    Cause(
        "no-python-headers",
        r"Python\.h: No such file",
        "a package must be compiled, and the image has no headers of Python",
        "Add `python3-dev` to `apt-packages`.",
        "apt-packages",
    ),
    Cause(
        "no-header",
        r"fatal error: (\S+\.h[a-z]*): No such file",
        "a package must be compiled, and the image has no `{0}`",
        "Add the Debian package that brings this header to `apt-packages`; its name often ends in `-dev`.",
        "apt-packages",
    ),
    Cause(
        "no-rust-compiler",
        r"can't find Rust compiler|Cargo, the Rust package manager, is not installed|cargo: not found",
        "a package must be compiled, and the image has no Rust compiler",
        "Add `cargo` to `apt-packages`, or take a version that has a wheel.",
        "apt-packages",
    ),
    Cause(
        "no-interpreter",
        r"No interpreter found for (Python [0-9.]+)",
        "the image has no {0} on its PATH",
        "Use a base image that has it, or another `python-version`.",
        "base-image",
    ),
    Cause(
        "package-unknown",
        r"E: Unable to locate package (\S+)|E: Package '([^']+)' has no installation candidate",
        "the base image's Debian has no package `{0}`",
        "Check its name, and the Debian release of the base image.",
        "apt-packages",
    ),
    Cause(
        "version-unknown",
        r"E: Version '([^']+)' for '[^']+' was not found",
        "the base image's Debian has no version `{0}`",
        "Name another version, or none.",
        "apt-packages",
    ),
    Cause(
        "no-apt",
        r"apt-get: (?:command )?not found",
        "the base image has no `apt-get`",
        "Use a base image of Debian or Ubuntu.",
        "apt-packages",
    ),
    Cause(
        "package-lists-old",
        r"E: The repository '([^']+)' (?:no longer has|does not have) a Release file|E: Release file for (\S+)",
        "the base image's package lists are out of date: `{0}`",
        "Use a newer base image.",
        "base-image",
    ),
    Cause(
        "host-unknown",
        r"Temporary failure resolving '([^']+)'|Could not resolve host: (\S+)",
        "the engine's build cannot find the host `{0}`",
        "Check the engine's network; behind a proxy, set `HTTP_PROXY` and `HTTPS_PROXY`.",
        "builder",
    ),
    Cause(
        "buildkit-only",
        r"the --(?:mount|network|security|chmod|link) option requires BuildKit|Unknown flag: (?:mount|link|chmod)",
        "the Dockerfile uses what only BuildKit understands, and the engine's API builds without it",
        "Build that image beforehand and name it with `base-image`, or use `builder: dockerfile`.",
        "dockerfile",
    ),
    Cause(
        "copy-missing",
        r"(?:COPY|ADD) failed: (?:file not found in build context[^:]*: stat |.*stat )(\S+?):",
        "the Dockerfile copies `{0}`, which is not in its folder",
        "Check the path: it is relative to the Dockerfile's folder, and `.dockerignore` may leave it out.",
        "dockerfile",
    ),
    Cause(
        "pull-refused",
        r"(?:pull access denied for|manifest for) ([^\s,]+)",
        "the engine cannot pull `{0}`",
        "Check the name after `FROM`, and pull a private image in a step before (`docker login`, `docker pull`).",
        "dockerfile",
    ),
)


def explain(action: str, said: str, step: str, subject: str, where: Location | None = None) -> EnvironmentFailed:
    """The failure for a build's words. Its last lines are the detail.

    Args:
        action: As it follows "Could not".
        said: Everything that was written, the error last.
        step: The instruction that failed; empty when it is not known.
        subject: The input that the step comes from.
        where: Where the step stands, in a file of the user.
    """
    problem = _known(said) or _unknown(said, step, subject)
    if problem.subject == subject:
        problem = replace(problem, location=where)
    return EnvironmentFailed(action, [problem], detail="\n".join(said.strip().splitlines()[-_DETAIL_LINES:]))


def _known(said: str) -> Problem | None:
    for cause in _CAUSES:
        if found := re.search(cause.text, said):
            named = cause.named(found)
            return Problem(named.meaning, named.remedy, cause.subject)
    return None


def _unknown(said: str, step: str, subject: str) -> Problem:
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
    code = _EXIT_CODE.search(last)
    what = f"ended with the exit code {code[1]}" if code else f"failed: {last}"
    return Problem((f"the step `{step}` {what}" if step else last).rstrip("."), "The details say why.", subject)


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
    with mkbuildcontext(io.BytesIO(text.encode())) as context:
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
