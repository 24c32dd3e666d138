"""From a blob trigger's paths to its containers: the app settings in them filled in, as the host does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.blob_paths import Literal, Parameter, Setting, may_meet, parse_blob_path
from functions_model.core.failures import Problem
from functions_model.provision.nouns import BlobData

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions_model.core.blob_paths import BlobPath, Part
    from functions_model.provision.host import Wanted
    from functions_model.provision.observed import Observed


@dataclass(frozen=True, slots=True)
class Container:
    """A container that a path means.

    Attributes:
        shown: Its name for people: `%SETTING%` where an app setting stands, because the value of one is a secret.
        name: Its name in Azure.
    """

    shown: str
    name: str

    @property
    def is_secret(self) -> bool:
        """Whether its name holds the value of an app setting."""
        return self.shown != self.name


def containers_of(wanted: Wanted, observed: Observed) -> tuple[Container, ...]:
    """Each container once, of those paths that can be filled in; `path_problems` tells of the others."""
    settings = _settings(wanted, observed)
    found: dict[str, Container] = {}
    for _, path in _paths(wanted):
        filled = _filled(path, settings)
        if filled is not None and (name := filled.container_name({})):
            found.setdefault(name, Container(_shown(path), name))
    return tuple(found.values())


def filled_paths(wanted: Wanted, observed: Observed) -> tuple[BlobPath, ...]:
    """The input's path, and the output's where there is one, with the values of settings in them."""
    settings = _settings(wanted, observed)
    filled = (_filled(path, settings) for _, path in _paths(wanted))
    return tuple(path for path in filled if path is not None)


def path_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """Settings that nobody defines, values that make no path, and an output that would be the next input."""
    settings = _settings(wanted, observed)
    problems = [problem for subject, path in _paths(wanted) for problem in _problems_of(subject, path, settings)]
    return tuple(problems or _loop(wanted, settings))


def _problems_of(subject: str, path: BlobPath, settings: Mapping[str, str]) -> Iterator[Problem]:
    missing = [name for name in path.settings if name.lower() not in settings]
    for name in missing:
        what = f"nobody defines the app setting `{name}` that the path takes its `%{name}%` from"
        yield Problem(what, f"Give `{name}` a value with `app-settings`.", subject)
    if not missing and _filled(path, settings) is None:
        names = ", ".join(f"`{name}`" for name in path.settings)
        what = f"with the value of {names} it is no path of a container and a blob"
        remedy = "Correct the value: a container's name has 3 to 63 lower-case letters, digits and single hyphens."
        yield Problem(what, remedy, subject)


def _loop(wanted: Wanted, settings: Mapping[str, str]) -> Iterator[Problem]:
    filled = [_filled(path, settings) for _, path in _paths(wanted)]
    if len(filled) == 2 and filled[0] is not None and filled[1] is not None and may_meet(filled[0], filled[1]):
        what = "with the values of its app settings, what is written there would trigger the function again"
        yield Problem(what, "Set `output-path` to another container.", "output-path")


def _paths(wanted: Wanted) -> Iterator[tuple[str, BlobPath]]:
    """Each path with the input that it comes from."""
    if isinstance(wanted.data, BlobData):
        yield "input-path", wanted.data.input_path
        if wanted.data.output_path is not None:
            yield "output-path", wanted.data.output_path


def _settings(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """What the app will know, by lower-case name: the host compares names without regard to case."""
    merged = wanted.host.settings(wanted, observed)
    return {name.lower(): value for name, value in merged.items() if value is not None}


def _filled(path: BlobPath, settings: Mapping[str, str]) -> BlobPath | None:
    """The path that the host reads: it fills in settings first, then takes the path apart. None when that fails."""
    try:
        filled = parse_blob_path("/".join(_text(parts, settings) for parts in (path.container, path.blob)))
    except (KeyError, ValueError):
        return None
    return filled if filled.container_name({}) else None


def _text(parts: tuple[Part, ...], settings: Mapping[str, str]) -> str:
    return "".join(_written(part, settings) for part in parts)


def _written(part: Part, settings: Mapping[str, str]) -> str:
    match part:
        case Literal(text):
            return text.replace("{", "{{").replace("}", "}}")
        case Parameter(name):
            return f"{{{name}}}"
        case Setting(name):
            return settings[name.lower()]


def _shown(path: BlobPath) -> str:
    return "".join(f"%{part.name}%" if isinstance(part, Setting) else _written(part, {}) for part in path.container)
