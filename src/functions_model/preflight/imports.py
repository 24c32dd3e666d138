"""The check of imports: each that the script reaches is somewhere in the image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from functions_model.core.failures import Location, Problem
from functions_model.preflight.facts import Certainty, Facts, Import
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.image_modules import ImageModules, Module, last_python_with
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.mlflow_code import MlflowCode, mlflow_code
from functions_model.preflight.nearby import what_is_nearby
from functions_model.preflight.paths import PathReader
from functions_model.preflight.project import Project
from functions_model.preflight.reach import Missing, Reached, Start, reach
from functions_model.preflight.roots import Outcome
from functions_model.preflight.ways_out import guess_of, moved, package_of
from functions_model.preflight.working_folder import working_folder

_SCRIPT = "entry_module"
"""The name that Azure ML's server gives to the entry script (azureml-inference-server-http 1.5, `UserScript`)."""
_UNSURE = frozenset({"pkg_resources", "setuptools", "wheel"})
"""What a base image may have or not."""


def check_imports(project: Project, inventory: Inventory) -> Iterator[Finding]:
    """What is imported and nowhere in the image, in the order in which it is met, what is certain first."""
    modules = ImageModules(inventory, project.python, (project.code, project.models))
    models = tuple(mlflow_code(project, modules))
    for start, loader in _starts(project, modules, models):
        found = what_is_reached(project, modules, start, models)
        less = found.is_wild or not project.bare_base or bool(inventory.compiled)
        for missing in found.missing:
            yield _finding(missing, project, inventory, unsure=less or _is_unsure(missing))
        if loader:
            yield loader


def what_is_reached(
    project: Project, modules: ImageModules, start: Start, models: tuple[MlflowCode, ...] = ()
) -> Reached:
    """Follow a script through the user's own modules, as the image runs it."""
    code, started_in = project.code_folder, working_folder(project)
    folders = list(dict.fromkeys([code, posixpath.dirname(project.script_path), started_in]))
    folders += [posixpath.normpath(posixpath.join(code, root)) for root in project.import_roots]
    folders += [model.folder for model in models if model.folder]

    def reader(path: str, facts: Facts) -> PathReader:
        return PathReader(f"/{path}", f"/{started_in}", project.environ, facts.names)

    return reach(modules, start, folders, project.python, reader)


def script_start(project: Project) -> Start:
    """Where the server begins with a script of the user's."""
    return Start(Module(_SCRIPT, project.script_path))


def _starts(
    project: Project, modules: ImageModules, models: tuple[MlflowCode, ...]
) -> Iterator[tuple[Start, Finding | None]]:
    """The user's script; without one, what is the user's own of what loads the MLflow model: a module, or its code."""
    if project.own_script:
        yield script_start(project), None
        return
    for model in models:
        if model.script:
            yield Start(Module(_SCRIPT, model.script), ()), None
        answer = modules.find(model.loader, [model.folder] if model.folder else [])
        if answer.own:
            yield Start(answer.own[-1], ("_load_pyfunc",)), None
        elif answer.outcome not in {Outcome.FOUND, Outcome.OPEN}:
            found = Import(model.loader, model.line, Certainty.CERTAIN)
            missing = Missing(found, model.loader, model.path, answer.lacking, Certainty.CERTAIN)
            yield Start(Module("", model.path), ()), _finding(missing, project, modules.inventory, unsure=False)


def _is_unsure(missing: Missing) -> bool:
    return missing.lacking in _UNSURE


def _finding(missing: Missing, project: Project, inventory: Inventory, *, unsure: bool) -> Finding:
    certain = missing.certainty is Certainty.CERTAIN and not unsure
    weight = Weight.FAILURE if certain else Weight.NOTE
    if missing.certainty is Certainty.CERTAIN and _is_unsure(missing):
        weight = Weight.WARNING
    what, remedy = _told(missing, project, inventory)
    if weight is Weight.NOTE:
        what = f"{what}, if this line runs"
    return Finding(weight, Problem(what, remedy, location=Location(project.shown(missing.path), missing.found.line)))


def _told(missing: Missing, project: Project, inventory: Inventory) -> tuple[str, str]:
    if missing.is_relative:
        return _relative(missing)
    if near := what_is_nearby(project, missing.lacking):
        return near
    if missing.is_name:
        module, _, name = missing.lacking.rpartition(".")
        return f"`{module}` has no `{name}`", "Check the name, or add it there."
    if missing.is_below:
        return _below(missing, inventory)
    what = f"nothing in the image has the module `{missing.lacking}`"
    if last := last_python_with(missing.lacking, project.python):
        other = f"Set `python-version: '{last}'`, or use another module."
        return f"Python {project.python} has no module `{missing.lacking}`", moved(missing.lacking) or other
    return what, moved(missing.lacking) or _package(missing, project)


def _package(missing: Missing, project: Project) -> str:
    names = (missing.name, *(f"{missing.name}.{name}" for name, _ in missing.found.names or ()))
    if package := next(filter(None, map(package_of, names)), ""):
        return project.asking_for(f"`{package}`")
    other = project.asking_for(f"the package that has it (perhaps `{guess_of(missing.lacking)}`)")
    return f"{other} If it is your own, add its file to the source directory."


def _relative(missing: Missing) -> tuple[str, str]:
    names = ", ".join(name for name, _ in missing.found.names or ())
    module = missing.name.lstrip(".")
    what = f"`from {missing.name} import {names}` is relative, and the server loads this script outside of any package"
    plain = f"from {module} import {names}" if module else f"import {names}"
    return what, f"Write `{plain}`: Python finds modules in the script's folder."


def _below(missing: Missing, inventory: Inventory) -> tuple[str, str]:
    top = missing.lacking.partition(".")[0]
    package = package_of(top) or guess_of(top)
    version = inventory.version_of(package)
    whose = f"`{package}` {version}" if version else f"`{missing.lacking.rpartition('.')[0]}`"
    way = moved(missing.lacking)
    other = "Import it from where it is now, or ask for the version that the script was written for."
    mine = "Check the name, or add its file to the source directory."
    return f"{whose} has no module `{missing.lacking}`", way or (other if version else mine)
