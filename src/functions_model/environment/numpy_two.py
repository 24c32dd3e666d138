"""Compiled wheels from before NumPy 2, beside NumPy 2: a pair that resolves, installs, and fails when it is imported.

What was compiled against NumPy 1 cannot run with NumPy 2 ("numpy.dtype size changed", "_ARRAY_API not found"), and
most such wheels do not say so: they ask for `numpy>=1.17`. What is compiled against NumPy 2 runs with both.
https://numpy.org/doc/stable/dev/depending_on_numpy.html#numpy-2-0-specific-advice. conda-forge has capped its packages;
an index of wheels never changes one. So the time of the upload decides. Decision 52 says more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from packaging.requirements import Requirement as ParsedRequirement
from packaging.version import InvalidVersion, Version

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment.asking import Answer, Question, ask, dependents
from functions_model.environment.locked_packages import LockedPackage, WheelKind, packages_of
from functions_model.environment.request import EnvironmentRequest, Requirement

_NUMPY = "numpy"
_RELEASED = datetime(2024, 6, 16, tzinfo=UTC)
"""When NumPy 2.0.0 came: https://github.com/numpy/numpy/releases/tag/v2.0.0."""
_CAP = Requirement(_NUMPY, f"{_NUMPY}<2")
_FIRST_WITHOUT = (3, 13)
"""The first Python that NumPy 1 has no wheels for: 1.26.4, its last release, has them for 3.9 to 3.12."""


def fit_numpy(question: Question, answer: Answer) -> Answer:
    """The answer with NumPy 1 where a wheel from before NumPy 2 needs it, or with a warning where that cannot be.

    Args:
        question: What uv was asked.
        answer: What it found.
    """
    packages = packages_of(answer.pylock)
    found = next((one for one in packages if one.name == _NUMPY and _is_two(one)), None)
    old = _from_before(packages) if found else []
    if found and old:
        needing = dependents(question, answer, _NUMPY)
        old = [one for one in old if one.name in needing]
    return _fitted(question, answer, found, old) if found and old else answer


def _fitted(question: Question, answer: Answer, found: LockedPackage, old: Sequence[LockedPackage]) -> Answer:
    listed = " and ".join(f"`{one.name}=={one.version}` (of {one.uploaded:%Y-%m-%d})" for one in old)
    why = f"{listed} {'was' if len(old) == 1 else 'were'} compiled before NumPy 2"
    if reason := _why_not(question):
        return _told(answer, why, found, reason)
    capped = replace(answer.request, constraints=(*answer.request.constraints, _CAP))
    try:
        again = ask(replace(question, request=capped))
    except EnvironmentFailed:
        names = ", ".join(f"`{one.name}`" for one in old)
        return _told(answer, why, found, f"With `numpy<2` no versions fit together. Ask for newer versions of {names}.")
    taken = next((one.version for one in packages_of(again.pylock) if one.name == _NUMPY), "none")
    way_out = f"To get {found.version}, write `numpy=={found.version}` in your file."
    note = f"using numpy {taken} instead of {found.version}: {why}. {way_out}"
    return replace(again, request=_noted(replace(again.request, constraints=answer.request.constraints), note))


def _told(answer: Answer, why: str, found: LockedPackage, reason: str) -> Answer:
    note = (
        f"{why}, and numpy {found.version} is installed. If an import fails (`numpy.dtype size changed`,"
        f" `_ARRAY_API not found`), this is the cause. {reason}"
    )
    return replace(answer, request=_noted(answer.request, note))


def _noted(request: EnvironmentRequest, note: str) -> EnvironmentRequest:
    return replace(request, warnings=(*request.warnings, note))


def _why_not(question: Question) -> str:
    """Why NumPy 1 is not tried, and the way out; empty when it is."""
    major, minor = question.python_version.split(".")[:2]
    if any(_is_pin(one) for one in (*question.request.requirements, *question.request.constraints)):
        return "You asked for this version; `numpy<2` would fit."
    if (int(major), int(minor)) >= _FIRST_WITHOUT:
        return f"NumPy 1 has no wheels for Python {question.python_version}. Use Python 3.12, or newer versions."
    return ""


def _is_pin(requirement: Requirement) -> bool:
    """Whether it leaves no choice: `numpy==2.1.0`, or a URL."""
    if requirement.name != _NUMPY:
        return False
    parsed = ParsedRequirement(requirement.text)
    exact = (one for one in parsed.specifier if one.operator in {"==", "==="} and not one.version.endswith(".*"))
    return parsed.url is not None or any(exact)


def _is_two(package: LockedPackage) -> bool:
    try:
        return Version(package.version).major >= 2
    except InvalidVersion:  # a URL
        return False


def _from_before(packages: Sequence[LockedPackage]) -> list[LockedPackage]:
    """Those that hold modules compiled against Python, as only these can be compiled against NumPy as well."""
    extensions = (one for one in packages if one.kind is WheelKind.EXTENSION and one.name != _NUMPY)
    return [one for one in extensions if one.uploaded and one.uploaded < _RELEASED]
