"""Where modules are found: folders of files, by names alone."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

_SUFFIXES = (".py", ".so")


class Outcome(enum.Enum):
    """What became of looking for a module."""

    FOUND = enum.auto()
    OPEN = enum.auto()
    """It may be made when what is above it runs."""
    LACKING = enum.auto()
    """What is above it is there, and it is not."""
    ABSENT = enum.auto()
    """Not even its first name is there."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was found on the way to a module.

    Attributes:
        outcome: What became of it.
        files: The files that are run on the way, the outermost first; relative to the root.
        lacking: The first dotted name that is not there.
    """

    outcome: Outcome
    files: tuple[str, ...] = ()
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of `sys.path`.

    Attributes:
        modules: The file of each module and package (`a/b`, `a/b/__init__`), relative to the folder.
        folders: Every folder below it.
        dynamic: Modules (dotted) that make others when they run.
    """

    modules: dict[str, str]
    folders: frozenset[str]
    dynamic: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, files: Iterable[str], dynamic: Iterable[str] = ()) -> Root:
        """A root of these files, POSIX, relative to its folder."""
        modules: dict[str, str] = {}
        folders: set[str] = set()
        others: set[str] = set()
        for path in files:
            if not path.endswith(_SUFFIXES):
                others.add(path.rpartition("/")[0])
                continue
            folder, _, name = path.rpartition("/")
            stem = name.partition(".")[0]
            modules.setdefault(f"{folder}/{stem}" if folder else stem, path)
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        packages = frozenset(folders)
        for path in others:
            # A folder of data inside a package is a package of its own, too: `importlib.resources` asks for it so.
            folder = path if path.partition("/")[0] in packages else ""
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        return cls(modules, frozenset(folders), frozenset(dynamic))

    def find(self, name: str) -> Search:
        """Look for a module by its dotted name."""
        files: list[str] = []
        inside = ""
        for number, part in enumerate(parts := name.split(".")):
            here = f"{inside}/{part}" if inside else part
            so_far = ".".join(parts[: number + 1])
            package, module = self.modules.get(f"{here}/__init__"), self.modules.get(here)
            if package or (module and here not in self.folders):
                files.append(package or module or "")
            elif module:
                files.append(module)  # a module comes before a folder without `__init__.py`
            elif here not in self.folders:
                if not files and not inside:
                    return Search(Outcome.ABSENT, (), so_far)
                above = ".".join(parts[:number])
                return Search(Outcome.OPEN if self._is_open(above, files) else Outcome.LACKING, tuple(files), so_far)
            inside = here
        return Search(Outcome.FOUND, tuple(files))

    def is_package(self, name: str) -> bool:
        """Whether a dotted name is a package, with or without `__init__.py`."""
        path = name.replace(".", "/")
        return f"{path}/__init__" in self.modules or (path in self.folders and path not in self.modules)

    def _is_open(self, above: str, files: list[str]) -> bool:
        """Whether something above may make modules when it runs: compiled modules, and plain ones.

        What is below a plain module is always made by it, as `requests.packages.urllib3` is.
        """
        names = above.split(".")
        makers = {".".join(names[: end + 1]) for end in range(len(names))}
        return bool(makers & self.dynamic) or bool(files and not files[-1].endswith("__init__.py"))
