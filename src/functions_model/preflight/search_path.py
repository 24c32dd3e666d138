"""How a file changes what can be imported: `sys.path`, `sys.modules`, finders, packages that it installs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from functions_model.preflight.conditions import dotted
from functions_model.preflight.facts import PathAdded

_PATH_CALLS = {"sys.path.append", "sys.path.insert", "site.addsitedir", "path.append", "path.insert"}
_ALIAS = re.compile(r"^(\w+\.)*_*sys\.path\.")
"""`os.sys`, and what `import sys as _sys` makes of it."""
_SAYS = re.compile(r"(Error|Exception|Exit|Warning|exit|print|warn|warning|debug|info|error|exception|critical)$")
"""What is called with a message, which may tell to `pip install` something."""
_WILD = ("sys.meta_path", "sys.path_hooks", "sys.path_importer_cache")


def search_path(tree: ast.Module) -> tuple[tuple[PathAdded, ...], bool]:
    """The folders that are put on `sys.path`, and whether more is changed than can be read."""
    added: list[PathAdded] = []
    wild = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _ALIAS.sub("sys.path.", dotted(node.func))
            if name in _PATH_CALLS and node.args:
                added.append(PathAdded(node.args[-1]))
            elif name in {"sys.path.extend", "path.extend"} and node.args:
                listed = node.args[0]
                wild = wild or not isinstance(listed, ast.List | ast.Tuple)
                added += [PathAdded(one) for one in getattr(listed, "elts", ())]
            wild = wild or _installs(node)
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(dotted(target) == "sys.path" or _is_slice_of_path(target) for target in targets):
                lists = [one for one in ast.walk(node.value) if isinstance(one, ast.List | ast.Tuple)]
                wild = wild or not lists
                added += [PathAdded(one) for listed in lists for one in listed.elts if not isinstance(one, ast.Starred)]
        wild = wild or (isinstance(node, ast.Attribute) and dotted(node) in _WILD)
    return tuple(added), wild


def _is_slice_of_path(target: ast.expr) -> bool:
    return isinstance(target, ast.Subscript) and dotted(target.value) == "sys.path"


def _installs(node: ast.Call) -> bool:
    """Whether a call has both `pip` and `install` among its words, as one of `subprocess` that installs a package."""
    words = " ".join(
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ).split()
    called = dotted(node.func)
    if _SAYS.search(called):
        return False
    return "install" in words and ("pip" in words or "uv" in words or called.startswith("pip"))


def provided(tree: ast.Module) -> Iterator[str]:
    """Names under which a file puts something into `sys.modules`; `*` where only the run knows the name."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.Call) and dotted(node.func) == "sys.modules.setdefault" and node.args:
            yield _named(node.args[0])
        for target in targets:
            if isinstance(target, ast.Subscript) and dotted(target.value) in {"sys.modules", "modules"}:
                yield _named(target.slice)


def _named(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "*"
