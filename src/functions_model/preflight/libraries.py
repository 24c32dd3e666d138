"""Shared libraries that packages need and neither they nor the base image have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from functions_model.core.debian import package_of
from functions_model.core.failures import Location, Problem
from functions_model.image.opened import MOST_TEXT, read_whole
from functions_model.preflight.facts import Certainty
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.image_modules import ImageModules
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.pickles import looked_into, reached_by
from functions_model.preflight.project import Project
from functions_model.preflight.reading import read_facts


def check_libraries(
    project: Project, inventory: Inventory, of_base: Callable[[], frozenset[str] | None]
) -> Iterator[Finding]:
    """What packages that the code imports, or that a pickle names, cannot load.

    Args:
        project: The user's files.
        inventory: What the dependencies bring.
        of_base: The shared libraries of the base image, by name; None where they are not known. Asked only where a
            package needs one.
    """
    imported = _imported(project, inventory) if inventory.libraries else {}
    asked = [lacking for lacking in inventory.libraries if lacking.package in imported]
    there = of_base() if asked else None
    if there is None:
        return
    for lacking in asked:
        if names := [name for name in lacking.names if name not in there]:
            yield _finding(lacking.package, names, imported[lacking.package])


def _finding(package: str, names: list[str], place: Location | None) -> Finding:
    shown = " and ".join(f"`{name}`" for name in names)
    libraries = "the library" if len(names) == 1 else "the libraries"
    what = f"`{package}` needs {libraries} {shown}, and neither the packages nor the base image have it"
    return Finding(
        Weight.DOUBT,
        Problem(what.replace("have it", "have them") if names[1:] else what, _way_out(names), location=place),
    )


def _way_out(names: list[str]) -> str:
    packages = dict.fromkeys(filter(None, map(package_of, names)))
    which = f"`apt-packages: {' '.join(packages)}`" if packages else "`apt-packages` and the Debian package that has it"
    return f"Give {which} with `builder: docker`."


def _imported(project: Project, inventory: Inventory) -> dict[str, Location | None]:
    """The packages that are imported for certain, each with the place that says so first."""
    modules = ImageModules(inventory, project.python, (project.code, project.models))
    found: dict[str, Location | None] = {}
    for path in reached_by(project, modules).paths if project.own_script else ():
        source = modules.source(path) if path.endswith(".py") else None
        facts = read_facts(source, project.python) if source is not None else None
        for scope in facts.scopes.values() if facts else ():
            for one in scope.imports:
                if not one.level and one.certainty is Certainty.CERTAIN:
                    found.setdefault(one.module.partition(".")[0], Location(project.shown(path), one.line))
    for file in looked_into(project):
        for named in file.pickled.found if file.pickled and file.weight is Weight.FAILURE else ():
            found.setdefault(named.module.partition(".")[0], file.line or Location(file.path))
    return found | {name: None for name in _flavors(project) if name not in found}


def _flavors(project: Project) -> Iterator[str]:
    """The packages that the loaders of MLflow models are made for: `mlflow.lightgbm` loads `lightgbm`."""
    for file in project.models.files:
        if PurePosixPath(file.path).name == "MLmodel" and isinstance(file.content, Path):
            for line in _lines(file.content):
                key, _, value = line.strip().partition(":")
                if key == "loader_module" and value.strip().startswith("mlflow."):
                    yield value.strip().removeprefix("mlflow.").partition(".")[0]


def _lines(file: Path) -> list[str]:
    try:
        return read_whole(file, MOST_TEXT).decode("utf-8", "replace").splitlines()
    except OSError:
        return []  # whoever packs it says why it cannot be read
