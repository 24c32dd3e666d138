"""The user's own files: the models and the code."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from functions_model.bundle import layout
from functions_model.core.failures import BundleFailed, Location, Problem
from functions_model.core.report_names import is_of_a_report
from functions_model.core.spec import Code, DeploymentSpec, Model
from functions_model.image.credentials import LeftOut, screen
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.opened import MOST_TEXT, read_whole, remedy_for
from functions_model.image.patterns import pattern_fault, spec_of
from functions_model.image.tree import read_tree

IGNORE_FILES = (".amlignore", ".gitignore")
"""As Azure ML reads them: the first that lies in the source directory itself counts, the other does not."""

NEVER = (
    ".git",
    ".github/",
    "__pycache__/",
    "*.py[co]",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".tox/",
    ".nox/",
    ".venv*/",
    "venv/",
    "node_modules/",
    # What builder `dockerfile` wrote before: a whole image.
    "functions-model-context/",
    ".functions-model-context-*/",
    ".DS_Store",
    *IGNORE_FILES,
)
"""What no image needs. An ignore file cannot bring them back."""


def ignore_file(folder: Path) -> Path | None:
    """The ignore file of a source directory that counts."""
    return next((folder / name for name in IGNORE_FILES if (folder / name).is_file()), None)


def ignored_by(folder: Path, path: str) -> Location | None:
    """The line of a source directory's ignore file that leaves a path out.

    Args:
        folder: The source directory.
        path: Relative to it, POSIX; a folder's ends in a slash.

    Returns:
        None when the path goes into the image, or no file of the user's leaves it out.
    """
    if (file := ignore_file(folder)) is None:
        return None
    try:
        lines = enumerate(_lines(file), start=1)
    except BundleFailed:
        return None  # whoever packs the folder tells it
    written = {number: line for number, line in lines if line.strip()}  # the library counts no empty ones
    found = spec_of(written.values()).check_file(path)
    return Location(file, list(written)[found.index]) if found.include and found.index is not None else None


def ignore_patterns(folder: Path, apart: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """What stays out of a source directory: by its ignore file, by what no image needs, and what has its own place.

    Args:
        folder: The source directory.
        apart: Files and folders that are no part of the code: models, and what a run writes beside them.

    Raises:
        BundleFailed: The ignore file cannot be read, or has lines that nobody could follow.
    """
    file = ignore_file(folder)
    written = _lines(file) if file else []
    inside = [path.relative_to(folder).as_posix() for path in apart if path != folder and path.is_relative_to(folder)]
    return (*written, *NEVER, *(f"/{_escaped(path)}" for path in inside))


def _lines(file: Path) -> list[str]:
    """The lines of an ignore file. git takes them as they are, in whichever encoding, but for a byte order mark."""
    action = "read what the image leaves out"
    try:
        lines = read_whole(file, MOST_TEXT).decode("utf-8-sig", "replace").splitlines()
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        problem = Problem(what, remedy_for(error), "source-directory", Location(file))
        raise BundleFailed(action, [problem]) from error
    faults = [(number, line, fault) for number, line in enumerate(lines, 1) if (fault := pattern_fault(line))]
    if faults:
        raise BundleFailed(action, [_unfollowed(file, *fault) for fault in faults])
    return lines


def _unfollowed(file: Path, number: int, line: str, fault: str) -> Problem:
    remedy = f"Write `{line[:-1]}/`." if line.endswith("\\") and line.strip("\\!/ ") else "Remove or correct it."
    return Problem(f"`{line[:80]}` means nothing there: {fault}", remedy, "source-directory", Location(file, number))


def _escaped(path: str) -> str:
    """The path as a pattern that means itself."""
    return re.sub(r"([\\*?\[\]! #])", r"\\\1", path)


MODEL_NEVER = (".git", ".ipynb_checkpoints/", "__pycache__/", ".DS_Store")
"""What stays out of a model's folder; everything else may be part of the model."""

MLFLOW_SOURCE = Path(__file__).resolve().parents[1] / "mlflow_scoring"


@dataclass(frozen=True, slots=True)
class UserFiles:
    """Files of the user, as they will lie in the image.

    Attributes:
        tree: The files.
        left_out: Files of credentials that were among them, by their place in the workspace.
    """

    tree: FileTree
    left_out: tuple[LeftOut, ...] = ()


def model_files(spec: DeploymentSpec) -> UserFiles:
    """Every model below its name and version, a folder under its own name, as Azure ML lays registered models out.

    Raises:
        BundleFailed: Two models have the same name and version, a folder holds no file, or a model cannot be read.
    """
    models = spec.local_models
    problems = _doubles(models)
    found = []
    for model in models:
        try:
            found.append(_one_model(model, spec))
        except BundleFailed as failure:
            problems += failure.problems
    if problems:
        raise BundleFailed("lay out the models", problems)
    tree = sum((files.tree for files in found), FileTree())
    return UserFiles(tree, tuple(left for files in found for left in files.left_out))


def _one_model(model: Model, spec: DeploymentSpec) -> UserFiles:
    under = layout.model_folder(model)
    if model.path.is_dir():
        under += f"/{model.name if model.path == spec.workspace else model.path.name}"
    # A downloaded model lies outside of the workspace; its links may not leave it either.
    root = model.path.parent if model.origin else spec.workspace
    files = UserFiles(read_tree(model.path, under, root=root, exclude=MODEL_NEVER))
    if model.path.is_dir():  # a single file is what the user named
        files = _screened(files.tree, under, model.path, root, spec)
    if not files.tree.files:
        what = f"the folder `{model.path.name}` has no files"
        raise BundleFailed("read it", [Problem(what, "Name the folder with the trained model.", "model-path")])
    return files


def _screened(tree: FileTree, under: str, folder: Path, root: Path, spec: DeploymentSpec) -> UserFiles:
    """The files of a folder without those that hold credentials, unless the user keeps them."""
    if spec.build.keeps_credentials:
        return UserFiles(tree)
    kept, left_out = screen(tree, under, root.resolve())
    shown = PurePosixPath(folder.relative_to(root) if root == spec.workspace else folder.name)
    return UserFiles(kept, tuple(replace(left, place=shown / left.place) for left in left_out))


def _doubles(models: tuple[Model, ...]) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for model in models:
        if (folder := layout.model_folder(model)) in seen:
            what = f"two models are called `{model.name}`, version {model.version}"
            problems.append(Problem(what, "Give each model its own name or version.", "model-path"))
        seen.add(folder)
    return problems


def code_files(spec: DeploymentSpec) -> UserFiles:
    """The source directory, without what is ignored and without the models that lie in it; ours for an MLflow model.

    Raises:
        BundleFailed: The entry script is not among the files, the source directory is the model itself, or a file
            cannot be read.
    """
    code = spec.code
    if code is None:
        ours = (TreeFile(f"{layout.MLFLOW}/{file.name}", file) for file in MLFLOW_SOURCE.glob("*.py"))
        return UserFiles(FileTree.of(ours))
    models = tuple(model.path for model in spec.local_models)
    if code.source_directory in models:
        what = "the folder is the source directory too, so that the model would be in the image twice"
        remedy = "Name the model's file, or put the model into its own folder."
        raise BundleFailed("lay out the code", [Problem(what, remedy, "model-path")])
    under = layout.code_folder(spec)
    written = (*spec.own_files, *((spec.build.context,) if spec.build.context else ()))
    patterns = ignore_patterns(code.source_directory, (*models, *written))
    found = read_tree(code.source_directory, under, root=spec.workspace, exclude=patterns)
    # An earlier run may have named another folder than this one does.
    kept = (file for file in found.files if not (isinstance(file.content, Path) and is_of_a_report(file.content)))
    tree = FileTree(tuple(kept))
    files = _screened(tree, under, code.source_directory, spec.workspace, spec)
    if f"{under}/{layout.script_within(code)}" not in {file.path for file in files.tree.files}:
        raise BundleFailed("lay out the code", [_script_left_out(code, models)])
    return files


def _script_left_out(code: Code, models: tuple[Path, ...]) -> Problem:
    location = Location(Path(code.entry_script_input))
    if any(code.entry_script.is_relative_to(model) for model in models):
        what = "the entry script is in the model's folder"
        return Problem(what, "Move it out of there, or name the model's file.", "entry-script", location)
    file = ignore_file(code.source_directory)
    cause = f"`{file.name}` leaves it out" if file else "its name is one that the action always leaves out"
    return Problem(f"the entry script is not packed: {cause}", "Change the rule or the name.", "entry-script", location)
