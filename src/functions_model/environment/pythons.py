"""Which Python runs the model, and the base image for it."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from functions_model.core.build import PYTHON_VERSIONS
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.environment.request import EnvironmentRequest

_ENDED = {"3.10": "31 October 2026"}
"""When the support of a Python ended: https://devguide.python.org/versions/ and, with the day, stacks.json.
That of 3.11 ends in October 2027."""
DEFAULT = "3.12"
"""The newest minor whose base image has been generally available for over a year, supported until October 2028."""
_ACTION = "choose a Python version"
_NEWEST_MINOR = 30
_NEWEST_PATCH = 40
"""How far to look for versions that an expression allows: beyond anything released."""


@dataclass(frozen=True, slots=True)
class PythonChoice:
    """The Python minor (`3.12`), and why it is that one, as a clause: "the environment file asks for it"."""

    version: str
    why: str

    @property
    def note(self) -> str:
        """A sentence about the end of its support; empty while it lasts."""
        if self.version not in _ENDED:
            return ""
        return (
            f"The support of Python {self.version} ended on {_ENDED[self.version]}: its image gets no more patches. "
            f"Move to {DEFAULT} with `python-version` or the environment file."
        )


def choose_python(wanted: str | None, request: EnvironmentRequest, *, base_version: str | None = None) -> PythonChoice:
    """The Python minor to build for.

    Args:
        wanted: The input `python-version`.
        request: What the environment file says.
        base_version: The minor of the base image that was asked for, when it is known already.

    Raises:
        EnvironmentFailed: They contradict each other, or no base image has what the environment file asks for.
    """
    problems = _contradictions(wanted, request, base_version)
    if problems:
        raise EnvironmentFailed(_ACTION, problems)
    allowed = _allowed(request)
    if wanted:
        return PythonChoice(wanted, "the input `python-version` says so")
    if base_version:
        return PythonChoice(base_version, "the base image has it")
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
    """Those that there are base images for and that the environment file allows."""
    return tuple(
        minor for minor in PYTHON_VERSIONS if request.python_allowed is None or minor in request.python_allowed
    )


def _contradictions(wanted: str | None, request: EnvironmentRequest, base_version: str | None) -> list[Problem]:
    """Every reason why there is no choice."""
    problems = [
        problem
        for version, subject, source in (
            (wanted, "python-version", "the input `python-version` says"),
            (base_version, "base-image", "the base image has"),
        )
        if version and (problem := _refusal(version, subject, source, request))
    ]
    if wanted and base_version and wanted != base_version:
        what = f"the base image has Python {base_version}, and the input `python-version` says {wanted}"
        problems.append(Problem(what, "Leave `python-version` out, or choose another base image.", "python-version"))
    if not _allowed(request):
        asked = f"Python {request.python_version}" if request.python_version else "a Python"
        what = f"it asks for {asked} that no Functions base image has"
        problems.append(Problem(what, _one_of(PYTHON_VERSIONS), "environment-file", request.python_location))
    return problems


def _refusal(version: str, subject: str, source: str, request: EnvironmentRequest) -> Problem | None:
    """What is wrong with a Python that the input or the base image has."""
    if version not in PYTHON_VERSIONS:
        ended = version in allowed_minors(f"<{PYTHON_VERSIONS[0]}")
        why = "Azure Functions does not run" if ended else "this version of functions-model does not know"
        return Problem(f"{source} Python {version}, which {why}", _one_of(PYTHON_VERSIONS), subject)
    allowed = _allowed(request)
    if not allowed or version in allowed:
        return None
    what = f"it allows Python {' or '.join(allowed)}, and {source} {version}"
    return Problem(what, "Make the two agree.", "environment-file", request.python_location)


def _one_of(versions: tuple[str, ...]) -> str:
    return f"Ask for one of {', '.join(versions)}."
