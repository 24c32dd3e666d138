"""Which Python runs the model, and the base image for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from functions_model.core.failures import EnvironmentFailed, Location, Problem

if TYPE_CHECKING:
    from functions_model.environment.request import EnvironmentRequest

SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""Minors that the Functions base images exist for (Core Tools' stack list, August 2026)."""
DEFAULT = "3.12"
"""The newest minor whose base image has been generally available for over a year, supported until October 2028."""
_NEWEST_MINOR = 30
_NEWEST_PATCH = 40
"""How far to look for versions that an expression allows: beyond anything released."""


@dataclass(frozen=True, slots=True)
class PythonChoice:
    """The Python minor (`3.12`), and why it is that one, as a clause: "the environment file asks for it"."""

    version: str
    why: str


def choose_python(wanted: str | None, request: EnvironmentRequest, *, base_version: str | None = None) -> PythonChoice:
    """The Python minor to build for.

    Args:
        wanted: The input `python-version`.
        request: What the environment file says.
        base_version: The minor of the base image that was asked for, when it is known already.

    Raises:
        EnvironmentFailed: They contradict each other, or no base image has what the environment file asks for.
    """
    allowed = _allowed(request)
    for version, source, why in (
        (wanted, "the input `python-version`", "the input `python-version` says so"),
        (base_version, "the base image", "the base image has it"),
    ):
        if version:
            _check_allowed(version, source, allowed, request)
            _check_base(version, base_version)
            return PythonChoice(version, why)
    if request.python_version:
        return PythonChoice(request.python_version, "the environment file asks for it")
    if DEFAULT in allowed:
        return PythonChoice(DEFAULT, "it is the default")
    return PythonChoice(allowed[-1], "it is the newest that the environment file allows")


def base_image_for(version: str) -> str:
    """Microsoft's Functions base image for a Python minor. Its tag floats on the host's major version."""
    return f"mcr.microsoft.com/azure-functions/python:4-python{version}"


def allowed_minors(expression: str) -> tuple[str, ...]:
    """The minors of Python 3 with at least one version that a PEP 440 expression allows, lowest first."""
    specifiers = SpecifierSet(expression)
    return tuple(
        f"3.{minor}"
        for minor in range(_NEWEST_MINOR + 1)
        if any(specifiers.contains(f"3.{minor}.{patch}", prereleases=True) for patch in range(_NEWEST_PATCH + 1))
    )


def _allowed(request: EnvironmentRequest) -> tuple[str, ...]:
    if request.python_allowed is None:
        return SUPPORTED
    allowed = tuple(minor for minor in SUPPORTED if minor in request.python_allowed)
    if not allowed:
        asked = f"Python {request.python_version}" if request.python_version else "a Python"
        raise _failed(
            f"it asks for {asked} that no Functions base image has",
            f"Ask for one of {', '.join(SUPPORTED)}.",
            request.python_location,
        )
    return allowed


def _check_allowed(version: str, source: str, allowed: tuple[str, ...], request: EnvironmentRequest) -> None:
    if version not in allowed:
        raise _failed(
            f"it allows Python {' or '.join(allowed)}, and {source} says {version}",
            "Make the two agree.",
            request.python_location,
        )


def _check_base(version: str, base_version: str | None) -> None:
    if base_version and version != base_version:
        raise _failed(
            f"the base image has Python {base_version}, and the input `python-version` says {version}",
            "Leave `python-version` out, or choose another base image.",
            None,
        )


def _failed(what: str, remedy: str, location: Location | None) -> EnvironmentFailed:
    return EnvironmentFailed("choose a Python version", [Problem(what, remedy, "environment-file", location)])
