"""Which shared libraries importing a package loads, as far as they lack something: found when it is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from functions_model.image.files import FileTree, TreeFile
from functions_model.image.opened import MOST_SOURCE, read_whole
from functions_model.preflight.facts import Facts
from functions_model.preflight.image_modules import ImageModules, Module
from functions_model.preflight.inventory import Inventory, Lacking
from functions_model.preflight.linking import unmet
from functions_model.preflight.paths import PathReader
from functions_model.preflight.reach import Start, reach

_MANY = 300
"""Modules of a package from which on its imports are not followed: that takes seconds, and such packages bring all."""
_HOME = "site"
"""Where the packages lie for this look; nothing is read of the image's own paths."""


def lacking_libraries(files: Mapping[str, TreeFile], python: str, also: Iterable[str] = ()) -> tuple[Lacking, ...]:
    """For each package the libraries that its import loads, and that need what the environment has not.

    A library is loaded when the import of the package leads to it: as a module, or because one of the package's modules
    names the file, as those do that load it by `ctypes`. Plugins that nothing imports are left out.

    Args:
        files: Of the environment's `site-packages`, by their paths in it.
        python: The minor.
        also: Paths of more files of the environment: those of a conda prefix.
    """
    there = frozenset(PurePosixPath(path).name for path in also)
    unmet_names = ((path, names - there) for path, names in unmet(files).items())
    lacking = {path: names for path, names in unmet_names if names}
    packages = {path.partition("/")[0] for path in lacking if "/" in path} - {""}
    found = (one for package in sorted(packages) for one in _of_package(package, files, lacking, python))
    return (*found, *(Lacking(_stem(path), path, _sorted(names)) for path, names in lacking.items() if "/" not in path))


def _of_package(
    package: str, files: Mapping[str, TreeFile], lacking: Mapping[str, frozenset[str]], python: str
) -> Iterator[Lacking]:
    start = f"{package}/__init__.py"
    own = [path for path in files if path.startswith(f"{package}/") and path.endswith((".py", ".so"))]
    if start not in files or len(own) > _MANY:
        return
    run = _run(Module(package, f"{_HOME}/{start}"), own, files, python)
    spoken = "\n".join(_source(files[path]) for path in run if path.endswith(".py"))
    for path, names in lacking.items():
        if path.startswith(f"{package}/") and (path in run or _is_spoken_of(path, package, spoken)):
            yield Lacking(package, path, _sorted(names))


def _run(start: Module, own: Iterable[str], files: Mapping[str, TreeFile], python: str) -> frozenset[str]:
    """The package's files that are run when it is imported."""
    tree = FileTree.of(TreeFile(f"{_HOME}/{path}", files[path].content) for path in own)

    def reader(path: str, facts: Facts) -> PathReader:
        return PathReader(f"/{path}", f"/{_HOME}", {}, facts.names)

    reached = reach(ImageModules(Inventory(), python, (tree,)), Start(start, ()), (_HOME,), python, reader)
    return frozenset(path.removeprefix(f"{_HOME}/") for path in reached.paths)


def _is_spoken_of(path: str, package: str, spoken: str) -> bool:
    """Whether the package's code names a library; one that is called like its package is the package's own core."""
    name = PurePosixPath(path).name
    is_module = name.endswith((".abi3.so", "-linux-gnu.so"))
    if is_module:
        return path.count("/") == 1 and _stem(path) == package
    return name in spoken or f'"{_stem(path)}"' in spoken


def _stem(path: str) -> str:
    return PurePosixPath(path).name.partition(".")[0]


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _source(file: TreeFile) -> str:
    if not isinstance(file.content, Path):
        return file.content.decode("utf-8", "replace") if isinstance(file.content, bytes) else ""
    try:
        return read_whole(file.content, MOST_SOURCE).decode("utf-8", "replace")
    except OSError:
        return ""
