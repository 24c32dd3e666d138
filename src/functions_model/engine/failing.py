"""What a build's last words mean to the user."""

from __future__ import annotations

import re
from dataclasses import replace

from functions_model.core.causes import Cause
from functions_model.core.failures import EnvironmentFailed, Location, Problem

_DETAIL_LINES = 60
_EXIT_CODE = re.compile(r"returned a non-zero code: (\d+)")


_CAUSES = (
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
