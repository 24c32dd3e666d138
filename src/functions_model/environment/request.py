"""What an environment file asks for, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from functions_model.core.build import Solver
from functions_model.core.failures import Location, Problem
from functions_model.core.secrets import Secret
from functions_model.core.yaml_nodes import read_mapping
from functions_model.environment.addresses import is_open, secrets_of


@dataclass(frozen=True, slots=True)
class Requirement:
    """One package that is asked for.

    Attributes:
        name: Normalised as PyPI does: lower case, `-` between words.
        text: A PEP 508 requirement: `scikit-learn[alldeps]==1.5.*; python_version >= "3.11"`.
        hashes: The hashes that the user allows, `sha256:...`; empty allows all.
        location: Where it is asked for; None for what we add ourselves.
    """

    name: str
    text: str
    hashes: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Where packages come from, as far as the environment file says.

    Attributes:
        index: The index in the place of the default one. URLs may hold a password, so they are secrets.
        extra: Indexes that are asked before it.
        find_links: Folders (absolute) and URLs with wheels.
        no_index: Whether `find_links` is all there is.
        prereleases: Whether pre-releases are taken as well.
        torch_backend: Whose builds of PyTorch are taken, as uv names it (`cpu`); None takes those of the indexes.
        trusted_hosts: Hosts (with a port where there is one) whose certificates are not checked.
        next_too: Whether the next index is asked for a package that the first one has in other versions alone.
        root: What nothing in the folders of `find_links` may lead out of; None allows all.
    """

    index: Secret | None = None
    extra: tuple[Secret, ...] = ()
    find_links: tuple[Path | Secret, ...] = ()
    no_index: bool = False
    prereleases: bool = False
    trusted_hosts: tuple[str, ...] = ()
    torch_backend: str | None = None
    next_too: bool = False
    root: Path | None = field(default=None, compare=False, repr=False)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every URL that holds a login or a token, and each of these by itself. Others may be shown."""
        urls = [url.reveal() for url in (self.index, *self.extra, *self.find_links) if isinstance(url, Secret)]
        closed = [url for url in urls if not is_open(url)]
        return tuple(map(Secret, dict.fromkeys([*closed, *(part for url in closed for part in secrets_of(url))])))


@dataclass(frozen=True, slots=True)
class CondaChannel:
    """A place with conda packages.

    Attributes:
        name: For people and for the lock: `conda-forge`, `mine`. No host, no token.
        location: A public channel's name, the path of a folder, or a URL, which may hold a token.
    """

    name: str
    location: str | Path | Secret

    @property
    def address(self) -> str:
        """The location as a text: a name, or a URL, which may hold a token."""
        if isinstance(self.location, Secret):
            return self.location.reveal()
        return self.location.as_uri() if isinstance(self.location, Path) else self.location


@dataclass(frozen=True, slots=True)
class CondaDependency:
    """One conda package that is asked for.

    Attributes:
        text: As the file has it: `scikit-learn=1.5`.
        name: In lower case.
        location: Where it is asked for.
    """

    text: str
    name: str
    location: Location


@dataclass(frozen=True, slots=True)
class CondaRequest:
    """What real conda packages are asked for.

    Attributes:
        specs: In the file's order, `python` among them when it is named.
        channels: The first one that has a package is the one that it comes from.
        why: Why wheels do not do, as a clause: "line 4 asks for `r-base`, which has no matching wheel".
    """

    specs: tuple[CondaDependency, ...]
    channels: tuple[CondaChannel, ...]
    why: str

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every URL that may hold a token."""
        return tuple(channel.location for channel in self.channels if isinstance(channel.location, Secret))


@dataclass(frozen=True, slots=True)
class EnvironmentRequest:
    """The dependencies as the user wrote them, plus the inference server.

    Attributes:
        source: The environment file; None when there is none.
        python_version: The minor that the file pins (`3.11`); None when it pins none.
        python_allowed: The minors that the file allows, lowest first; None when it says nothing.
        python_location: Where the file says so.
        requirements: In the file's order; the inference server last when it was added.
        constraints: Limits on packages, whoever asks for them.
        indexes: Where packages come from.
        warnings: What was read and left aside, and why: one sentence or more each.
        conda: What conda packages are asked for; None when wheels do.
        variables: What a conda file sets when it is activated: names and values.
    """

    source: Path | None
    python_version: str | None
    requirements: tuple[Requirement, ...]
    constraints: tuple[Requirement, ...] = ()
    indexes: IndexSettings = field(default_factory=IndexSettings)
    python_allowed: tuple[str, ...] | None = None
    python_location: Location | None = None
    warnings: tuple[str, ...] = ()
    conda: CondaRequest | None = None
    variables: tuple[tuple[str, str], ...] = ()

    def where(self, name: str) -> Location | None:
        """The line that asks for a package, or the file when no line does."""
        conda = self.conda.specs if self.conda else ()
        asked: tuple[Requirement | CondaDependency, ...] = (*self.requirements, *self.constraints, *conda)
        for requirement in asked:
            if requirement.name == name and requirement.location:
                return requirement.location
        return Location(self.source) if self.source else None


@dataclass(slots=True)
class Draft:
    """A request in the making: the readers of the formats add to it, line by line.

    Attributes:
        root: The folder that no included file may leave; None allows all.
        environ: Where `${NAME}` in index options is looked up.
        solver: What resolves a conda file.
        open_files: The files being read, outermost first: an include of one of them is a circle.
        indexes: Where packages come from, as far as the options said.
        conda: The conda packages that are asked for; None when wheels do.
        variables: What a conda file sets when it is activated, by name.
    """

    root: Path | None
    environ: dict[str, str]
    solver: Solver = Solver.AUTO
    requirements: list[Requirement] = field(default_factory=list)
    constraints: list[Requirement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    open_files: list[Path] = field(default_factory=list)
    indexes: IndexSettings = field(default_factory=IndexSettings)
    python_text: str | None = None
    python_location: Location | None = None
    conda: CondaRequest | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def conda_specs(self) -> tuple[CondaDependency, ...]:
        """What conda packages are asked for so far."""
        return self.conda.specs if self.conda else ()

    def refuse(self, location: Location, what: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(what, remedy, "environment-file", location))

    def mapping(self, text: str, path: Path) -> yaml.MappingNode | None:
        """A YAML document as one mapping, or None and a problem noted."""
        return read_mapping(text, path, self.refuse, "Start it with `dependencies:`", ", or give no environment file")
