"""Modules of packages that have the name of one of the standard library's.

Such a package was made for a Python that lacked the module (`asyncio`, `dataclasses`, `enum34`, `typing`). Where Python
looks into its own library first, as it does by itself and under Azure ML's server, nobody sees it. In a function app
the dependencies come first (the Python worker puts their folder in front), and the module hides Python's own: the app
does not start (Azure/azure-functions-python-worker, `utils/dependency.py`, `prioritize_customer_dependencies`).
Decision 52 says more.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name
from stdlibs import stdlib_module_names

_SHOWN = 3
_MODULES = (".py", ".pyi", ".so")


def standard_modules(python_version: str) -> frozenset[str]:
    """The names of the standard library's modules at the top, those in C, too. `test`, which images lack, is none.

    Args:
        python_version: `3.11`; `stdlibs` knows each minor.
    """
    return stdlib_module_names(python_version)


def is_standard(name: str, python_version: str) -> bool:
    """Whether a package has the name of a module of the standard library, whatever its spelling."""
    return name.replace("-", "_") in standard_modules(python_version)


def take_out_hiding(site_packages: Path, python_version: str) -> tuple[str, ...]:
    """Remove every file that hides a module of the standard library, and say so: a sentence or more for each package.

    Which files they are is what the packages' own records say. The package's metadata stays: others may ask for it.

    Args:
        site_packages: What was installed.
        python_version: `3.11`.
    """
    hidden = standard_modules(python_version)
    warnings = []
    for record in sorted(site_packages.glob("*.dist-info/RECORD")):
        paths = [path for path in _paths(record) if top_module(path) in hidden]
        for path in paths:
            (site_packages / path).unlink(missing_ok=True)
            _remove_empty((site_packages / path).parent, site_packages)
        if paths:
            warnings.append(_told(record, sorted({top_module(path) for path in paths})))
    return tuple(warnings)


def top_module(path: str) -> str:
    """The module at the top that a file below `site-packages` belongs to: `uuid` for `uuid.py`, `enum/__init__.py`.

    Empty for a file that is no module, such as `enum.pth`.
    """
    first, slash, _ = path.partition("/")
    return first if slash else first.partition(".")[0] * first.endswith(_MODULES)


def _paths(record: Path) -> Iterator[str]:
    """https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file."""
    with record.open(encoding="utf-8", newline="") as stream:
        yield from (row[0] for row in csv.reader(stream) if row and _is_inside(row[0]))


def _is_inside(path: str) -> bool:
    """Whether a path leads below the folder that it starts from, wherever it goes on the way."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _told(record: Path, modules: list[str]) -> str:
    name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
    listed = ", ".join(f"`{module}`" for module in modules[:_SHOWN])
    more = f" and {len(modules) - _SHOWN} more" if len(modules) > _SHOWN else ""
    it, left = ("its module", "is") if len(modules) == 1 else ("its modules", "are")
    return (
        f"`{canonicalize_name(name)}=={version}`: {it} {listed}{more} {left} left out, as Python has the same in its"
        " standard library, which the app needs. If nothing else of the package is used, remove it from your file."
    )
