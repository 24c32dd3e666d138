"""What must be installed for an MLflow model whether or not its environment names it, by MLflow's release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import Requirement as ParsedRequirement
from packaging.version import InvalidVersion, Version

from functions_model.core.failures import Location
from functions_model.environment.request import CondaDependency, Requirement

_NAMES = ("mlflow", "mlflow-skinny")
_OLDEST = Version("2.7")
"""The oldest release that is chosen for a model that names none: 2.6 does not know pydantic 2, which the inference
server requires. An older one is taken where the model's environment asks for it."""
_WITHOUT_PKG_RESOURCES = Version("2.16")
"""The first release that imports no `pkg_resources`. Older ones do, and do not require setuptools, which has it: they
rely on the one that conda and virtualenv bring along."""
_PKG_RESOURCES = "setuptools<82"
"""Setuptools 82 came without `pkg_resources`: https://setuptools.pypa.io/en/stable/history.html#v82-0-0."""
_NEWEST_MAJOR = 5
_NEWEST_MINOR = 60
"""How far to look for releases that a requirement allows: beyond anything released."""


def missing_of_mlflow(
    named: Iterable[Requirement | CondaDependency], model: Mapping[str, Any], location: Location
) -> list[Requirement]:
    """What to install beside the packages that are named.

    Args:
        named: What the environment asks for.
        model: The document in `MLmodel`; empty when it cannot be read.
        location: What the added requirements are said to come from.

    Returns:
        MLflow where it is not named, in the version that made the model; pandas, which `mlflow-skinny` lacks;
        setuptools for a release that cannot be imported without.
    """
    asked = list(named)
    names = {requirement.name for requirement in asked}
    missing = []
    if not names & set(_NAMES):
        missing.append(Requirement("mlflow-skinny", "mlflow-skinny" + _version_of(model), (), location))
    if not names & {"mlflow", "pandas"}:
        missing.append(Requirement("pandas", "pandas", (), location))
    wheels = [one for one in (*asked, *missing) if isinstance(one, Requirement)]
    if "setuptools" not in names and any(_needs_pkg_resources(one) for one in wheels):
        missing.append(Requirement("setuptools", _PKG_RESOURCES, (), location))
    return missing


def _version_of(model: Mapping[str, Any]) -> str:
    try:
        version = Version(str(model.get("mlflow_version")))
    except InvalidVersion:
        return f">={_OLDEST}"
    return f"=={version}" if version >= _OLDEST and not version.is_prerelease else f">={_OLDEST}"


def _needs_pkg_resources(requirement: Requirement) -> bool:
    """Whether it asks for an MLflow that can only be one of the older releases."""
    if requirement.name not in _NAMES:
        return False
    allowed = ParsedRequirement(requirement.text).specifier
    exact = [Version(one.version) for one in allowed if one.operator in {"==", "==="} and "*" not in one.version]
    if exact:
        return min(exact) < _WITHOUT_PKG_RESOURCES
    first = _WITHOUT_PKG_RESOURCES
    releases = (
        f"{major}.{minor}.{patch}"
        for major in range(first.major, _NEWEST_MAJOR)
        for minor in range(first.minor if major == first.major else 0, _NEWEST_MINOR)
        for patch in (0, 1, 2, 3, 4)
    )
    return not any(allowed.contains(release) for release in releases)
