"""What channels have of conda packages that they do not have for the image: each is told, and all at once.

`conda env export` writes every package with its build. Builds are for one system, and on Windows and macOS there are
packages that no other system has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from functions_model.core.failures import Problem, RuleBroken
from functions_model.environment.conda_specs import parse_conda_spec
from functions_model.environment.request import CondaDependency

SYSTEMS = {"win-64": "Windows", "osx-64": "macOS", "osx-arm64": "macOS"}
"""Other systems, by the folder of a channel that is theirs."""
_EXPORT = "`conda env export --from-history` writes what you asked for, without them."


class Wanted(NamedTuple):
    """A package that is asked for: the file's words, and py-rattler's."""

    dependency: CondaDependency
    spec: Any


def problems_of(wanted: Iterable[Wanted], here: Iterable[Any], elsewhere: Iterable[Any], rattler: Any) -> list[Problem]:
    """A problem for each package that the channels do not have for the image.

    Args:
        wanted: What is asked for.
        here: The channels' records of these names for the image.
        elsewhere: Those for other systems.
        rattler: The module.
    """
    found, foreign = _by_name(here), _by_name(elsewhere)
    return [
        _problem(one, found.get(one.dependency.name, []), foreign.get(one.dependency.name, []), rattler)
        for one in wanted
        if not any(one.spec.matches(record) for record in found.get(one.dependency.name, []))
    ]


def _by_name(records: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for record in records:
        found.setdefault(str(record.name.normalized), []).append(record)
    return found


def _problem(wanted: Wanted, here: list[Any], elsewhere: list[Any], rattler: Any) -> Problem:
    dependency = wanted.dependency
    what, remedy = _of_build(wanted, here, elsewhere, rattler) or _of_system(wanted, here, elsewhere)
    return Problem(what, remedy, "environment-file", dependency.location)


def _of_build(wanted: Wanted, here: list[Any], elsewhere: list[Any], rattler: Any) -> tuple[str, str] | None:
    """About a package that is there in the version that is asked for, and not in the build."""
    try:
        parsed = parse_conda_spec(wanted.dependency.text)
    except RuleBroken:
        return None
    version = parsed.version.removeprefix("==")
    plain = f"{parsed.name}={version}" if version[:1].isdigit() else f"{parsed.name}{parsed.version}"
    if not parsed.build or not any(rattler.MatchSpec(plain).matches(record) for record in here):
        return None
    systems = _listed(_systems(record for record in elsewhere if wanted.spec.matches(record)))
    why = f"is one for {systems}" if systems else "is in none of the channels for Linux on x86-64"
    return f"the build `{parsed.build}` of `{parsed.name}` {why}", f"Write `{plain}`. {_EXPORT}"


def _of_system(wanted: Wanted, here: list[Any], elsewhere: list[Any]) -> tuple[str, str]:
    systems = _listed(_systems(elsewhere))
    if systems and not here:
        return f"`{wanted.dependency.name}` is for {systems} only", f"Remove the line. {_EXPORT}"
    what = f"none of the channels has `{wanted.dependency.text}` for Linux on x86-64"
    return what, "Ask for a version that exists, or add the channel that has it."


def _systems(records: Iterable[Any]) -> Iterator[str]:
    return (SYSTEMS[str(record.subdir)] for record in records)


def _listed(systems: Iterable[str]) -> str:
    return " and ".join(sorted(set(systems)))
