"""Entry scripts among a folder's files, by their syntax trees, and the samples that they describe."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from functions_model.bundle.entry_script import bindings_of
from functions_model.core.python_trees import parse_python
from functions_model.image.opened import MOST_SOURCE, read_whole
from functions_model.preflight.paths import assigned_once
from functions_model.scaffold.looking import Folder

_USUAL = "score.py"
_MOST = 1000
"""Files of Python that are read."""
_CONTRACT = ("init", "run")


def entry_scripts(folder: Folder) -> tuple[str, ...]:
    """The files that define `init()` and `run()`, the likeliest first: the nearest, of these one named `score.py`."""
    files = [file for file in folder.files if file.suffix == ".py" and not file.name.startswith("test_")][:_MOST]
    found = [file for file in files if _is_one(folder, file)]
    return tuple(str(file) for file in sorted(found, key=_rank))


def sure_script(scripts: tuple[str, ...]) -> str:
    """The one that is taken unasked; empty where there is none, or two are as likely."""
    ranks = [_rank(PurePosixPath(one)) for one in scripts[:2]]
    return scripts[0] if scripts and (len(ranks) < 2 or ranks[0] != ranks[1]) else ""


def _rank(file: PurePosixPath) -> tuple[bool, int]:
    return file.name != _USUAL, len(file.parts)


def _is_one(folder: Folder, file: PurePosixPath) -> bool:
    tree = tree_of(folder, file)
    found = bindings_of(tree) if tree else {}
    return all(any(isinstance(one, ast.FunctionDef) for one in found.get(name, [])) for name in _CONTRACT)


def tree_of(folder: Folder, file: str | PurePosixPath) -> ast.Module | None:
    """A file's syntax tree; None where it is not Python, or is not read."""
    try:
        source = read_whole(folder.path / file, MOST_SOURCE)
        return parse_python(source) if all(name.encode() in source for name in _CONTRACT) else None
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def described_sample(folder: Folder, script: str) -> str:
    """The request that `@input_schema` describes, as JSON; empty where it is not written out in the script.

    https://github.com/Azure/InferenceSchema has the decorator: the name of an argument, and its type with a sample.
    """
    tree = tree_of(folder, script)
    run = (
        next((one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "run"), None)
        if tree
        else None
    )
    if tree is None or run is None:
        return ""
    constants = assigned_once(tree)
    request: dict[str, Any] = {}
    try:
        for name, sample in _described(run):
            request[name] = _value(sample, constants)
        return json.dumps(request, indent=2) + "\n" if request else ""
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return ""


def _described(run: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    first = run.args.args[0].arg if run.args.args else ""
    for decorator in run.decorator_list:
        if not isinstance(decorator, ast.Call) or _name(decorator.func) != "input_schema":
            continue
        given: dict[str, ast.expr] = dict(zip(("param_name", "param_type"), decorator.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in decorator.keywords if keyword.arg}
        if "param_type" not in given and decorator.args and not isinstance(decorator.args[0], ast.Constant):
            given = {"param_type": decorator.args[0]}
        name, kind = given.get("param_name"), given.get("param_type")
        if isinstance(kind, ast.Call):
            yield (str(name.value) if isinstance(name, ast.Constant) else first), _sample(kind)


def _sample(kind: ast.Call) -> ast.expr:
    named = {keyword.arg: keyword.value for keyword in kind.keywords}
    sample = kind.args[0] if kind.args else named.get("sample_input")
    if sample is None:
        raise ValueError
    return sample


def _value(node: ast.expr, constants: Mapping[str, ast.expr]) -> Any:
    """What an expression of constants is as JSON.

    Raises:
        ValueError: It is of something else.
    """
    if isinstance(node, ast.Name) and node.id in constants:
        return _value(constants[node.id], {name: value for name, value in constants.items() if name != node.id})
    if not isinstance(node, ast.Call):
        value = ast.literal_eval(node)
        json.dumps(value)
        return value
    if _name(node.func) in {"array", "asarray"} and node.args:
        return _value(node.args[0], constants)
    if _name(node.func) == "DataFrame":
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if data := (node.args[0] if node.args else named.get("data")):
            return _records(_value(data, constants), named.get("columns"), constants)
    raise ValueError


def _records(data: Any, columns: ast.expr | None, constants: Mapping[str, ast.expr]) -> Any:
    """Rows by name, as the schema of a data frame takes them."""
    if isinstance(data, dict):
        return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    names = _value(columns, constants) if columns else None
    return [dict(zip(names, row, strict=True)) for row in data] if names else data


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
