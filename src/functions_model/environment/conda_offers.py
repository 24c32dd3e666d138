"""What channels have of conda packages that they do not have for the image: each is told, and all at once.

`conda env export` writes every package with its build. Builds are for one system, and on Windows and macOS there are
packages that no other system has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from functions_model.core.failures import Problem, RuleBroken
from functions_model.environment.conda_specs import parse_conda_spec
from functions_model.environment.request import CondaDependency

SYSTEMS = {"win-64": "Windows", "osx-64": "macOS", "osx-arm64": "macOS"}
"""Other systems, by the folder of a channel that is theirs."""
_EXPORT = "`conda env export --from-history` writes what you asked for, without them."


class Offer(NamedTuple):
    """What the channels have of a package that is asked for.

    Attributes:
        is_known: Whether they have it for the image, in whatever version.
        fits: Whether one of these is as it is asked for.
        has_other_build: Whether one is but for its build.
        systems: The folders of other systems in which it is.
        systems_of_build: Those in which it is as it is asked for.
    """

    is_known: bool
    fits: bool
    has_other_build: bool
    systems: Sequence[str]
    systems_of_build: Sequence[str]


def problems_of(asked: Iterable[CondaDependency], offers: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """A problem for each package that the channels do not have for the image.

    Args:
        asked: The packages that are asked for.
        offers: What the channels have of each; none where that cannot be told.
    """
    return [
        _problem(dependency, offer)
        for dependency, offer in zip(asked, (Offer(**one) for one in offers), strict=False)
        if not offer.fits
    ]


def without_build(text: str) -> str | None:
    """What is asked for, in any build; None where no build is named."""
    try:
        parsed = parse_conda_spec(text)
    except RuleBroken:
        return None
    version = parsed.version.removeprefix("==")
    plain = f"{parsed.name}={version}" if version[:1].isdigit() else f"{parsed.name}{parsed.version}"
    return plain if parsed.build else None


def _problem(dependency: CondaDependency, offer: Offer) -> Problem:
    what, remedy = _of_build(dependency, offer) or _of_system(dependency, offer)
    return Problem(what, remedy, "environment-file", dependency.location)


def _of_build(dependency: CondaDependency, offer: Offer) -> tuple[str, str] | None:
    """About a package that is there in the version that is asked for, and not in the build."""
    plain = without_build(dependency.text)
    if plain is None or not offer.has_other_build:
        return None
    systems = _listed(offer.systems_of_build)
    why = f"is one for {systems}" if systems else "is in none of the channels for Linux on x86-64"
    build = parse_conda_spec(dependency.text).build
    return f"the build `{build}` of `{dependency.name}` {why}", f"Write `{plain}`. {_EXPORT}"


def _of_system(dependency: CondaDependency, offer: Offer) -> tuple[str, str]:
    systems = _listed(offer.systems)
    if systems and not offer.is_known:
        return f"`{dependency.name}` is for {systems} only", f"Remove the line. {_EXPORT}"
    what = f"none of the channels has `{dependency.text}` for Linux on x86-64"
    return what, "Ask for a version that exists, or add the channel that has it."


def _listed(systems: Iterable[str]) -> str:
    return " and ".join(sorted({SYSTEMS[system] for system in systems if system in SYSTEMS}))
