"""What can be imported in the image: the standard library, the platform, the dependencies, the user's own files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stdlibs import stdlib_module_names

from functions_model.core.build import PYTHON_VERSIONS
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.opened import MOST_SOURCE, read_whole
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.roots import Outcome, Root, Search

_PLATFORM = (
    "__main__",
    "azure.functions",
    "azure_functions_worker",
    "azure_functions_runtime",
    "azure_functions_runtime_v1",
    "proxy_worker",
    "google.protobuf",
    "grpc",
    "dateutil",
    "six",
    "functions_model_payload",
    "azureml.core.model",
    "azureml.contrib.services.aml_request",
    "azureml.contrib.services.aml_response",
    "pip",
)
"""What the worker and its image bring beside the standard library, and what payload and inference server add.

The worker's own folder is on the path of what it runs (Azure/azure-functions-python-worker, workers/pyproject.toml);
the server puts `azureml.contrib.services` into `sys.modules` (azureml-inference-server-http 1.5, server/__init__.py).
"""
_STANDS_IN = frozenset({"Model", "VERSION", "__version__"})
"""All that there is of `azureml.core` where azureml-core is not installed."""
_OLD_PLATFORM = ("setuptools", "pkg_resources", "wheel")
"""Python before 3.12 is installed with them: https://docs.python.org/3/whatsnew/3.12.html, `ensurepip`."""
_FIRST_WITHOUT = 12
_MAKES_MODULES = re.compile(rb"sys\.modules|__path__|meta_path|path_hooks")


@dataclass(frozen=True, slots=True)
class Module:
    """One of the user's own modules.

    Attributes:
        name: Dotted, as it was looked for.
        path: Its file in the image.
    """

    name: str
    path: str

    @property
    def package(self) -> str:
        """What relative imports in it are relative to; empty for a module at the top."""
        is_package = posixpath.basename(self.path).startswith("__init__.")
        return self.name if is_package else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of looking for a module everywhere.

    Attributes:
        outcome: The best of all places.
        own: The user's modules that are run on the way, the outermost first.
        lacking: The first dotted name that is not there.
    """

    outcome: Outcome
    own: tuple[Module, ...] = ()
    lacking: str = ""


class ImageModules:
    """Everything that can be imported.

    Args:
        inventory: What the dependencies bring.
        python: The minor.
        files: The user's files, by their paths in the image.
    """

    def __init__(self, inventory: Inventory, python: str, files: Iterable[FileTree]) -> None:
        self._stdlib = frozenset({*stdlib_module_names(python), "__main__"})
        old = _OLD_PLATFORM if int(python.split(".")[1]) < _FIRST_WITHOUT else ()
        self._platform = (*_PLATFORM, *old)
        self.inventory = inventory
        self.installed = Root.of(inventory.files, inventory.dynamic)
        self.files = {file.path: file for tree in files for file in tree.files}
        self._roots: dict[str, Root] = {}

    def own_root(self, folder: str) -> Root:
        """A folder of the user's files as a place for modules.

        Args:
            folder: In the image, POSIX, without a leading slash.
        """
        if folder not in self._roots:
            start = f"{folder}/" if folder else ""
            names = [path[len(start) :] for path in self.files if path.startswith(start)]
            self._roots[folder] = Root.of(names)
        return self._roots[folder]

    def find(self, name: str, folders: Iterable[str]) -> Answer:
        """Look for a module, by its dotted name, wherever the image looks for it.

        Args:
            name: `a.b.c`.
            folders: The user's folders on `sys.path`, in the image.
        """
        if name.partition(".")[0] in self._stdlib or self._is_platform(name):
            return Answer(Outcome.FOUND)
        best = Answer(Outcome.ABSENT, lacking=self._first_own_name(name))
        for search, folder in self._searches(name, folders):
            own = tuple(_modules(search, folder))
            outcome = self._judged(search, own)
            if outcome in {Outcome.FOUND, Outcome.OPEN}:
                return Answer(outcome, own)
            if outcome is Outcome.LACKING and best.outcome is Outcome.ABSENT:
                best = Answer(Outcome.LACKING, own, search.lacking)
        return best

    def _judged(self, search: Search, own: tuple[Module, ...]) -> Outcome:
        """What became of a search; what a module of the user's own makes can be read in it."""
        if not own or search.outcome not in {Outcome.LACKING, Outcome.OPEN} or not own[-1].path.endswith(".py"):
            return search.outcome
        return Outcome.OPEN if any(self.makes_modules(module.path) for module in own) else Outcome.LACKING

    def lacks(self, package: str, name: str, folders: Iterable[str]) -> bool:
        """Whether a package of the dependencies or of the platform has no such name; its modules are not looked at."""
        if package in {"azureml.core", "azureml.core.model"} and self.installed.find(package).outcome is Outcome.ABSENT:
            return name not in _STANDS_IN
        own = any(self.own_root(folder).find(package).outcome is not Outcome.ABSENT for folder in folders)
        return package in self.inventory.barren and not own

    def source(self, path: str) -> bytes | None:
        """One of the user's files; None when it cannot be read here."""
        file = self.files.get(path)
        return _content(file) if file else None

    def _searches(self, name: str, folders: Iterable[str]) -> Iterator[tuple[Search, str | None]]:
        yield self.installed.find(name), None
        for folder in folders:
            yield self.own_root(folder).find(name), folder

    def _is_platform(self, name: str) -> bool:
        """Whether a name is the platform's, or a package that one of the platform's is in."""
        return any(name == one or name.startswith(f"{one}.") or (one.startswith(f"{name}.")) for one in self._platform)

    def _first_own_name(self, name: str) -> str:
        """As much of a name as is not the platform's: `azure.identity`, where the platform has `azure.functions`."""
        parts = name.split(".")
        shared = (end for end in range(1, len(parts) + 1) if not self._is_platform(".".join(parts[:end])))
        return ".".join(parts[: next(shared, 1)])

    def makes_modules(self, path: str) -> bool:
        """Whether one of the user's modules makes others when it runs."""
        source = self.source(path) if path.endswith(".py") else b""
        return bool(source and _MAKES_MODULES.search(source))


def last_python_with(module: str, python: str) -> str:
    """The last minor before this one whose standard library had a module, of those of base images; else empty."""
    before = (minor for minor in reversed(PYTHON_VERSIONS) if int(minor.split(".")[1]) < int(python.split(".")[1]))
    return next((minor for minor in before if module in stdlib_module_names(minor)), "")


def _modules(search: Search, folder: str | None) -> Iterator[Module]:
    """The user's modules that were met; none where the dependencies were searched."""
    for file in search.files if folder is not None else ():
        yield Module(_dotted(file), f"{folder}/{file}" if folder else file)


def _dotted(path: str) -> str:
    """`a.b` for `a/b.py` and `a/b/__init__.py`."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    parts = [*folder.split("/")] if folder else []
    return ".".join(parts if stem == "__init__" else [*parts, stem])


def _content(file: TreeFile) -> bytes | None:
    if isinstance(file.content, bytes):
        return file.content
    if not isinstance(file.content, Path):
        return None
    try:
        return read_whole(file.content, MOST_SOURCE)
    except OSError:
        return None
