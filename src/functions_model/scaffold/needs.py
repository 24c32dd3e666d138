"""What a script and its model need: packages, and folders of the project where imports are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from functions_model.bundle import plan_layers
from functions_model.core.failures import Failure
from functions_model.core.spec import DeploymentSpec
from functions_model.environment.standard_library import standard_modules
from functions_model.inputs import read_any
from functions_model.preflight.facts import Certainty
from functions_model.preflight.image_modules import ImageModules
from functions_model.preflight.imports import script_start, what_is_reached
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.model_paths import check_model_paths
from functions_model.preflight.pickle_files import Pickled, look_into
from functions_model.preflight.project import Project, project_of
from functions_model.scaffold.installed import Installed, Package
from functions_model.scaffold.looking import Folder

_ROUNDS = 30
_ELSEWHERE = {"mode": "package", "registry": "localhost:5000"}
"""Inputs that say nothing of the project."""
_SPREAD = frozenset({"azure", "azureml", "google", "ruamel"})
"""Namespaces that several distributions share."""
_INTERNAL = frozenset({"__main__", "__builtin__", "copy_reg"})
_MOST_PICKLES = 20
_WITH_ANY = frozenset({"azureml-inference-server-http"})
"""What every app gets."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What was found.

    Attributes:
        modules: What is imported (dotted) and neither Python's nor the project's; whether it is certain.
        roots: Folders that hold modules of the project, relative to it, POSIX.
        sklearn: The version of scikit-learn that wrote the model; empty where none did.
    """

    modules: Mapping[str, bool]
    roots: tuple[str, ...] = ()
    sklearn: str = ""

    def packages(self, installed: Installed) -> tuple[Package, ...]:
        """The distributions to ask for, pinned to what is installed; scikit-learn to what the model was made with.

        What is imported only perhaps counts where it is installed.
        """
        found: dict[str, Package] = {}
        for module, is_certain in self.modules.items():
            package = installed.package_for(module)
            if (is_certain or package.version) and package.name not in _WITH_ANY:
                found.setdefault(package.name, package)
        if self.sklearn and "scikit-learn" in found:
            found["scikit-learn"] = Package("scikit-learn", self.sklearn)
        return tuple(sorted(found.values(), key=lambda one: one.name))


def needs_of_script(folder: Folder, inputs: Mapping[str, str], python: str) -> Needs:
    """What the entry script reaches, as the image runs it.

    Args:
        folder: The project.
        inputs: Model and entry script.
        python: The minor that runs it.
    """
    roots: tuple[str, ...] = ()
    modules: dict[str, bool] = {}
    for _ in range(_ROUNDS):
        project = project_for(folder, {**inputs, **root_inputs(inputs, roots)}, python)
        if project is None:
            return Needs(modules, roots)
        modules = _imported(project)
        more = [root for name in modules if (root := own_root(folder, name)) and root not in roots]
        if not more:
            own = {name for name in modules if own_root(folder, name)}
            return Needs({name: sure for name, sure in modules.items() if name not in own}, roots)
        roots = (*roots, more[0])
    return Needs(modules, roots)


def needs_of_pickles(folder: Folder, files: Iterable[PurePosixPath], python: str) -> Needs:
    """What the model's pickles name; loading them imports it."""
    modules: dict[str, bool] = {}
    roots: dict[str, None] = {}
    sklearn = ""
    known = {*standard_modules(python), *_INTERNAL}
    for file in list(files)[:_MOST_PICKLES]:
        pickled = pickle_in(folder.path / file)
        if pickled is None:
            continue
        sklearn = sklearn or next(iter(pickled.sklearn), "")
        for one in pickled.found:
            top = one.module.partition(".")[0]
            if top in known or top.startswith("_"):
                continue
            if root := own_root(folder, one.module):
                roots[root] = None
            else:
                modules[one.module if top in _SPREAD else top] = True
    return Needs(modules, tuple(roots), sklearn)


def both(first: Needs, second: Needs) -> Needs:
    """What two need together."""
    modules = {
        **second.modules,
        **{name: sure or second.modules.get(name, False) for name, sure in first.modules.items()},
    }
    return Needs(modules, tuple(dict.fromkeys([*first.roots, *second.roots])), first.sklearn or second.sklearn)


def pickle_in(file: Path) -> Pickled | None:
    """What a pickle names; None where it is none."""
    try:
        return look_into(file)
    except OSError:
        return None


def root_inputs(inputs: Mapping[str, str], roots: Iterable[str]) -> dict[str, str]:
    """The inputs that have imports looked for in these folders.

    Args:
        inputs: The entry script's.
        roots: Relative to the project; `.` is the project itself.
    """
    script = PurePosixPath(inputs.get("entry-script", ""))
    others = [root for root in roots if PurePosixPath(root) not in {PurePosixPath(), script.parent}]
    top = {"source-directory": "."} if "." in roots and script.parent.parts else {}
    return {**top, **({"import-roots": "\n".join(others)} if others else {})}


def opens_what_is_there(folder: Folder, inputs: Mapping[str, str], python: str) -> bool:
    """Whether the script finds the model's files where it looks for them, as far as one can read that."""
    project = project_for(folder, inputs, python)
    return project is not None and not any(check_model_paths(project))


def project_for(folder: Folder, inputs: Mapping[str, str], python: str) -> Project | None:
    """The user's files as they will lie in the image; None where the inputs do not make one."""
    try:
        spec = read_any({**inputs, **_ELSEWHERE}, workspace=folder.path)
        return project_of(spec, plan_layers(spec), python, None) if isinstance(spec, DeploymentSpec) else None
    except Failure:
        return None


def own_root(folder: Folder, module: str) -> str:
    """The folder of the project that has a module, relative to it; empty where none has.

    Args:
        folder: The project.
        module: Dotted.
    """
    top = module.partition(".")[0]
    for file in folder.files:
        if file.suffix != ".py":
            continue
        if file.name == "__init__.py" and file.parent.name == top and not _is_package(folder, file.parent.parent):
            return file.parent.parent.as_posix()
        if file.stem == top and not _is_package(folder, file.parent):
            return file.parent.as_posix()
    return ""


def _is_package(folder: Folder, place: PurePosixPath) -> bool:
    return place / "__init__.py" in folder.files


def _imported(project: Project) -> dict[str, bool]:
    """Every module that is reached and lies neither in Python nor in the project; whether it is certain."""
    inventory, found = Inventory(), dict[str, bool]()
    for _ in range(_ROUNDS):
        modules = ImageModules(inventory, project.python, (project.code, project.models))
        missing = [
            one
            for one in what_is_reached(project, modules, script_start(project)).missing
            if not (one.is_relative or one.is_name or one.lacking in found)
        ]
        if not missing:
            return _whole(found)
        found |= {one.lacking: one.certainty is Certainty.CERTAIN for one in missing}
        inventory = replace(
            inventory,
            files=_files(found),
            dynamic=frozenset(name for name in found if name.partition(".")[0] not in _SPREAD),
        )
    return _whole(found)


def _whole(found: Mapping[str, bool]) -> dict[str, bool]:
    """Without what is only the way to another: no distribution has `azure.storage` itself."""
    ways = {name for name in found if any(other.startswith(f"{name}.") for other in found)}
    return {name: sure for name, sure in found.items() if name not in ways or name.partition(".")[0] not in _SPREAD}


def _files(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(f"{name.replace('.', '/')}/__init__.py" for name in names))
