"""A path below the model's folder that the entry script writes as a constant, and that is not there."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from functions_model.bundle import layout
from functions_model.core.failures import Location, Problem
from functions_model.core.python_trees import parse_python
from functions_model.image.opened import MOST_SOURCE, read_whole
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.path_values import VARIABLE, Function, Scope, called, own_nodes, scopes_of
from functions_model.preflight.project import Project

_LOOKS = frozenset({"exists", "lexists", "isfile", "isdir", "is_file", "is_dir", "access", "glob", "iglob", "rglob"})
_WRITES = frozenset({"makedirs", "mkdir", "touch", "dump", "save", "savez", "copy", "copyfile", "copytree", "move"})
"""Who asks whether a path is there, or makes it, knows what it does."""
_SETS = frozenset({"append", "insert", "setdefault", "putenv", "FileHandler", "RotatingFileHandler", "connect"})
"""What notes a path for later, or makes the file: folders of NLTK's data, a cache, a log, a database."""
_SHOWS = frozenset({"print", "debug", "info", "warning", "error", "exception"})
"""What only says a path."""
_FOR_WRITING = re.compile(r"cache|out|log|save|tmp|temp|scratch", re.IGNORECASE)
"""In a name, that what it says is written to: `cache_dir`, `output_path`, `HF_CACHE`."""
_MAKES_FILES = frozenset(
    {"extractall", "extract", "unpack_archive", "snapshot_download", "urlretrieve", "system", "Popen"}
)
"""What is called where files come from elsewhere: then nothing is known of what will be there."""
_WILD = frozenset("*?[{")
_MOST_NAMED = 5
"""Files that a message names of those that are there."""


def check_model_paths(project: Project) -> Iterator[Finding]:
    """What `init()` or `run()` opens below the model's folder, and what is there instead."""
    if not (project.own_script and project.model_folders):
        return
    script = next((file.content for file in project.code.files if file.path == project.script_path), None)
    tree = _parsed(script) if isinstance(script, Path) else None
    if tree is None or not isinstance(script, Path):
        return
    folders = [folder for _, folder in project.model_folders]
    folder = folders[0] if len(folders) == 1 else layout.MODELS
    paths = [file.path for file in (*project.models.files, *project.code.files)]
    inside = [posixpath.relpath(path, folder) for path in paths if path.startswith(f"{folder}/")]
    for line, path in missing_paths(tree, folder, frozenset(paths)):
        what = f"the script opens `{path}` below `{VARIABLE}`, where it is not"
        place = Location(script.relative_to(project.workspace), line)
        weight = Weight.NOTE if any(_begins(one, path) for one in inside) else Weight.FAILURE
        yield Finding(weight, Problem(what, _instead(path, inside), "entry-script", place))


def _begins(file: str, path: str) -> bool:
    """Whether a path is the beginning of a file's name, as PyCaret, TensorFlow and MXNet take it: `model/final`."""
    return file.startswith(path) and file[len(path) : len(path) + 1] in set(".-_")


def _instead(path: str, inside: list[str]) -> str:
    """What is there: files of the same name, or else those that come first."""
    name = posixpath.basename(path)
    same = [one for one in inside if name in one.split("/") or _begins(one, path)]
    named = same or inside
    shown = ", ".join(f"`{one}`" for one in named[:_MOST_NAMED])
    rest = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"There is {shown}{rest}. Write one of these paths."


def _parsed(script: Path) -> ast.Module | None:
    """The script's tree; None where it cannot be read, which its own check tells."""
    try:
        return parse_python(read_whole(script, MOST_SOURCE))
    except (OSError, SyntaxError, ValueError):
        return None


def missing_paths(tree: ast.Module, folder: str, files: frozenset[str]) -> tuple[tuple[int, str], ...]:
    """The paths below `AZUREML_MODEL_DIR` that loading or scoring needs, and that are not there.

    Told is what one expression says by itself, where nothing decides whether it is reached: not in an `if` that asks
    something else, nor in a `try` that goes on. Who asks whether the path is there, or makes it, is not told.

    Args:
        tree: The entry script.
        folder: What the variable says in the image, POSIX, without a leading slash.
        files: Every file of the image that is known, likewise.

    Returns:
        Line and path, relative to the folder, in the order of the lines; a path once.
    """
    scopes = scopes_of(tree)
    if any(called(node) in _MAKES_FILES or "download" in called(node).lower() for node in _calls(tree)):
        return ()
    there = files | {above for file in files for above in _above(file)}
    asked = frozenset(path for node, scope in scopes.items() for path in _asked(node, scope))
    found: dict[str, int] = {}
    for node in _reached(tree):
        for line, path in _said(node, scopes[node]):
            place = posixpath.normpath(f"{folder}/{path}")
            if place not in there and not _WILD & set(path) and not any(_is_within(path, one) for one in asked):
                found.setdefault(path, line)
    told = [
        (line, path)
        for path, line in found.items()
        if not any(_is_within(path, other, strictly=True) for other in found)
    ]
    return tuple(sorted(told))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _is_within(path: str, folder: str, *, strictly: bool = False) -> bool:
    return path.startswith(f"{folder}/") or (not strictly and path == folder)


def _asked(node: ast.AST, scope: Scope) -> Iterator[str]:
    """The paths below the model's folder that somebody looks for, or makes."""
    for one in own_nodes(node):
        if isinstance(one, ast.Assign | ast.keyword) and _is_for_later(one):
            yield from filter(None, scope.below(one.value))
    for call in (one for one in own_nodes(node) if isinstance(one, ast.Call)):
        name = called(call)
        if (
            name in _LOOKS | _WRITES | _SETS
            or name.startswith(("to_", "write"))
            or (name == "open" and _opens_to_write(call))
        ):
            receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
            for part in (*receiver, *call.args, *(keyword.value for keyword in call.keywords)):
                yield from filter(None, scope.below(part))


def _is_for_later(given: ast.Assign | ast.keyword) -> bool:
    """Whether a variable of the environment is set, or an argument says where something is written."""
    if isinstance(given, ast.keyword):
        return _FOR_WRITING.search(given.arg or "") is not None
    return any(ast.unparse(target).startswith(("os.environ[", "environ[")) for target in given.targets)


def _opens_to_write(call: ast.Call) -> bool:
    texts = (*call.args, *(keyword.value for keyword in call.keywords))
    modes = (part.value for part in texts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return any(len(mode) < 4 and set(mode) & set("wax+") for mode in modes)


def _reached(tree: ast.Module) -> Iterator[ast.AST]:
    """The module, and the functions that it, `init` and `run` lead to by their names."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
    names, seen = ["init", "run", *_names(tree)], {""}
    yield tree
    while names:
        name = names.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        yield functions[name]
        names += _names(functions[name])


def _names(scope: ast.AST) -> Iterator[str]:
    for node in own_nodes(scope):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _said(scope_node: ast.AST, scope: Scope) -> Iterator[tuple[int, str]]:
    """Line and path of each expression that is surely reached, and that means one path below the model's folder."""
    for child in ast.iter_child_nodes(scope_node):
        yield from _within(child, scope)


def _within(node: ast.AST, scope: Scope) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.expr) and (path := scope.is_below(node)) is not None:
        if path:
            yield node.lineno, path
        return
    for child in _surely(node):
        yield from _within(child, scope)


def _surely(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that are reached whenever it is."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.While() | ast.Match():
            return
        case ast.Call() if called(node) in _SHOWS:
            return
        case ast.If() | ast.IfExp():
            yield node.test
            if VARIABLE in ast.unparse(node.test):
                yield from node.body if isinstance(node.body, list) else [node.body]
        case ast.Try() if not all(isinstance(handler.body[-1], ast.Raise) for handler in node.handlers):
            yield from node.finalbody
        case ast.With(items=items) if any("suppress" in ast.unparse(item.context_expr) for item in items):
            yield from items
        case ast.BoolOp():
            yield node.values[0]
        case _:
            yield from ast.iter_child_nodes(node)
