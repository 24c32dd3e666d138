"""The working folder of a script, and what scripts of Azure ML's first SDK find around them.

The second SDK, and this tool, start a script in the folder of its code, `AML_APP_ROOT` (Azure/azure-sdk-for-python,
azure/ai/ml/_local_endpoints/azureml_image_context.py: the script's own folder, where that lies deeper). The first one
started it in the folder above, where the models lie, too: `AML_APP_ROOT` was `/var/azureml-app` and the script
`src/score.py` (azureml-core 1.61, azureml/core/model.py:99 and :2396). Which of them a script was written for can be
seen in its text.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

CALL = "get_model_path"
_PACKAGE = "azureml.core"
CODE_FOLDER = "FUNCTIONS_MODEL_CODE_FOLDER"
"""Where the code lies; set once it is decided which SDK the script was written for."""
_OPENING = frozenset({"join", "Path", "open"})
"""Calls whose first arguments are, together, the beginning of a path."""
_LONGEST = 1024
_MISSING = (
    "azureml-core is not installed in this app: of it there is `Model.get_model_path` alone. Add it to the environment "
    "file."
)


def enter(environ: MutableMapping[str, str]) -> Path:
    """Go to the script's working folder; one of the first SDK gets that SDK's variables, too.

    Args:
        environ: The image's variables. A second start in the same process finds them as the first one left them.

    Returns:
        The folder of the code.
    """
    decided = environ.get(CODE_FOLDER)
    code = Path(environ.setdefault(CODE_FOLDER, environ["AML_APP_ROOT"]))
    folder = Path.cwd() if decided else working_folder(code, code / environ["AZUREML_ENTRY_SCRIPT"])
    if folder == code.parent and not decided:
        environ["AZUREML_SOURCE_DIRECTORY"] = code.name
        environ["AZUREML_ENTRY_SCRIPT"] = f"{code.name}/{environ['AZUREML_ENTRY_SCRIPT']}"
        environ["AML_APP_ROOT"] = str(code.parent)
    os.chdir(folder)
    if _names(code, _PACKAGE):
        stand_in()
    return code


def working_folder(code: Path, script: Path) -> Path:
    """The folder of the code; the one above, or the script's own, where the code can only have been written for that.

    Args:
        code: The folder of the code.
        script: The entry script.
    """
    if any(_calls(file) for file in naming(code, CALL)):
        return code.parent
    paths = [path for path in _paths(script) if path not in {"", "."}]
    places = (code, script.parent, code.parent)
    return next((place for place in places if any(_is_there(place, path) for path in paths)), code)


def naming(root: Path, *words: str) -> Iterator[Path]:
    """The Python files that hold one of some words."""
    for file in sorted(root.rglob("*.py")):
        try:
            text = file.read_bytes()
            if any(word.encode() in text for word in words):
                yield file
        except OSError:
            continue


def _names(root: Path, word: str) -> bool:
    return next(naming(root, word), None) is not None


def _tree(file: Path) -> ast.AST:
    """The file's syntax; an empty one where Python cannot read it, which is told when it is imported."""
    try:
        return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def _calls(file: Path) -> bool:
    nodes = ast.walk(_tree(file))
    return any(isinstance(node, ast.Attribute) and node.attr == CALL for node in nodes)


def _paths(script: Path) -> Iterator[str]:
    """Paths that stand in a script as constants: whole ones, and the first arguments of `join` and the like."""
    for node in ast.walk(_tree(script)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value:
            yield node.value
        elif isinstance(node, ast.Call) and _name(node.func) in _OPENING:
            yield "/".join(_leading(node.args))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _leading(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            return
        yield argument.value


def _is_there(folder: Path, path: str) -> bool:
    if len(path) > _LONGEST or PurePosixPath(path).is_absolute():
        return False
    try:
        return (folder / path).exists()
    except (OSError, ValueError):
        return False


class Model:
    """Of azureml-core's class, what a scoring script calls."""

    def __init__(self, *_: object, **__: object) -> None:
        raise ModuleNotFoundError(_MISSING, name=_PACKAGE)

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: object = None) -> str:
        """The only file or folder of a model's version, of the latest one unless another is named.

        Raises:
            FileNotFoundError: There is no such model; the text names those that there are.
        """
        models = Path(os.environ["AML_APP_ROOT"], "azureml-models")
        versions = [entry.name for entry in (models / model_name).glob("*") if entry.name.isdigit()]
        wanted = str(version) if version is not None else max(versions, key=int, default="")
        entries = list((models / model_name / wanted).iterdir()) if wanted in versions else []
        if len(entries) == 1:
            return str(entries[0])
        if version is None and Path(model_name).exists():
            return model_name
        raise FileNotFoundError(_no_model(models, f"{model_name}:{version}" if version is not None else model_name))


def _no_model(models: Path, wanted: str) -> str:
    there = sorted(f"`{folder.parent.name}:{folder.name}`" for folder in models.glob("*/*"))
    listed = ", ".join(there) or "none"
    return f"There is no model `{wanted}`. Models of this app: {listed}. `model-name` says what a model is called."


def stand_in() -> None:
    """Put a module of ours in the place of `azureml.core` and `azureml.core.model` where nothing has them."""
    try:
        if importlib.util.find_spec(_PACKAGE):
            return
    except ModuleNotFoundError:
        _module("azureml")
    core, model = _module(_PACKAGE), _module(f"{_PACKAGE}.model")
    core.Model = model.Model = Model  # type: ignore[attr-defined]
    core.VERSION = core.__version__ = "not installed"  # type: ignore[attr-defined]
    core.__getattr__ = model.__getattr__ = _refuse  # type: ignore[method-assign]


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    sys.modules[name] = module
    above, _, own = name.rpartition(".")
    if above:
        setattr(sys.modules[above], own, module)
    return module


def _refuse(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise ModuleNotFoundError(f"No `{name}`: {_MISSING}", name=_PACKAGE)
