"""Pickles among the model's files: what they name must be in the image, as what the script imports must."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from functions_model.core.failures import Location, Problem
from functions_model.image.files import TreeFile
from functions_model.image.opened import MOST_TEXT, read_whole
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.image_modules import ImageModules
from functions_model.preflight.imports import script_start, what_is_reached
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.mentions import Mentions, mentions_of
from functions_model.preflight.mlflow_code import mlflow_code
from functions_model.preflight.pickle_files import SUFFIXES, Pickled, look_into
from functions_model.preflight.pickle_globals import Surroundings, judge, other_version
from functions_model.preflight.project import Project
from functions_model.preflight.reach import Reached

_MANY = 1000
"""Files of a model from which on only those with a usual ending are opened."""
_MOST = 200
"""Pickles that are looked into."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that may be a pickle.

    Attributes:
        path: On this machine.
        shown: As messages name it.
        weight: How grave it is if it cannot be loaded: the script names it, may name it, or does not.
        line: Where the script names it; None where it does not.
        pickled: What it names; None where it could not be looked into.
    """

    path: Path
    shown: str
    weight: Weight
    line: Location | None
    pickled: Pickled | None


def check_pickles(project: Project, inventory: Inventory) -> Iterator[Finding]:
    """What the pickles of a project name and the image has not, and those of another version of scikit-learn."""
    mentions = _mentions(project)
    files = looked_into(project, mentions)
    if not files:
        return
    modules = ImageModules(inventory, project.python, (project.code, project.models))
    around = Surroundings(project, modules, reached_by(project, modules), mentions)
    for file in files:
        yield from _findings(file, around)
    yield Finding(Weight.NOTE, Problem(_count(files), ""))


def _findings(file: ModelFile, around: Surroundings) -> Iterator[Finding]:
    if file.pickled is None:
        return
    place = file.line or Location(file.path)
    missing = tuple(judge(file.pickled, around))
    for one in missing:
        weight = min(file.weight, Weight.NOTE if one.unsure else Weight.FAILURE)
        yield Finding(weight, Problem(f"`{file.shown}` {one.what}", one.remedy, location=place))
    if not missing and (other := other_version(file.pickled, around.modules.inventory)):
        weight = min(file.weight, Weight.WARNING)
        yield Finding(weight, Problem(f"`{file.shown}` {other.what}", other.remedy, location=place))


def reached_by(project: Project, modules: ImageModules) -> Reached:
    """What the code that scores reaches, whoever wrote the script."""
    models = tuple(mlflow_code(project, modules))
    if project.own_script:
        return what_is_reached(project, modules, script_start(project), models)
    return Reached(folders=tuple(model.folder for model in models if model.folder))


def _mentions(project: Project) -> Mentions:
    """What the code says, and the descriptions of MLflow models, which name their files."""
    code = mentions_of(project.code, project.code_folder, project.script_path)
    described = (_text(file) for file in project.models.files if PurePosixPath(file.path).name == "MLmodel")
    return Mentions("\n".join((code.text, *described)), code.modules)


def _text(file: TreeFile) -> str:
    try:
        return _said(file.content) if isinstance(file.content, Path) else ""
    except OSError:
        return ""


def _said(file: Path) -> str:
    return read_whole(file, MOST_TEXT).decode("utf-8", "replace")


def looked_into(project: Project, mentions: Mentions | None = None) -> tuple[ModelFile, ...]:
    """Every file that is a pickle, or has the ending of one.

    Args:
        project: The user's files.
        mentions: What the code says of them, where that is known already.
    """
    return tuple(_files(project, mentions or _mentions(project)))


def _files(project: Project, mentions: Mentions) -> Iterator[ModelFile]:
    models = [file for file in project.models.files if isinstance(file.content, Path)]
    likely = [file for file in models if len(models) <= _MANY or _is_likely(file)]
    beside = [file for file in project.code.files if _is_likely(file) and mentions.names(file.path)]
    alone = len(models) == 1 or (
        sum(map(_is_likely, models)) == 1 and not any(mentions.names(file.path) for file in models)
    )
    left = _MOST
    for file in (*likely, *beside):
        if not isinstance(file.content, Path):
            continue
        pickled = _opened(file.content) if left else None
        left -= pickled is not None
        if pickled or _is_likely(file):
            weight = Weight.FAILURE if alone or mentions.names(file.path) else Weight.NOTE
            if weight is Weight.NOTE and mentions.may_name(file.path):
                weight = Weight.WARNING
            yield ModelFile(file.content, _shown(file.content, project), weight, _line(file, project), pickled)


def _opened(file: Path) -> Pickled | None:
    try:
        return look_into(file)
    except OSError:
        return None  # whoever packs it says why it cannot be read


def _is_likely(file: TreeFile) -> bool:
    return PurePosixPath(file.path).suffix.lower() in SUFFIXES


def _shown(path: Path, project: Project) -> str:
    return path.relative_to(project.workspace).as_posix() if path.is_relative_to(project.workspace) else path.name


def _line(file: TreeFile, project: Project) -> Location | None:
    """Where the entry script names a file."""
    script = project.shown(project.script_path)
    name = re.compile(rf"(?<![\w.-]){re.escape(PurePosixPath(file.path).name)}(?![\w-]|\.\w)")
    try:
        lines = _said(script).splitlines() if project.own_script else []
    except OSError:
        return None
    return next((Location(script, number) for number, line in enumerate(lines, 1) if name.search(line)), None)


def _count(files: tuple[ModelFile, ...]) -> str:
    """How many were read, one sentence; with an example of those that could not be."""
    looked = [file.pickled for file in files if file.pickled]
    part = sum(not pickled.whole for pickled in looked)
    of = f" of {len(files)}" if len(looked) < len(files) else ""
    kind = "pickled model file was" if len(files) == 1 else "pickled model files were"
    rest = f", {part} of them in part" if part else ""
    other = next((f"; `{file.shown}` could not be" for file in files if not file.pickled), "")
    return f"{len(looked)}{of} {kind} read{rest}{other}."
