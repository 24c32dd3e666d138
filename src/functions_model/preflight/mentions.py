"""Which files the code that scores speaks of, by name: what nothing names may lie in the image as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from functions_model.core.python_trees import parse_python
from functions_model.image.files import FileTree
from functions_model.image.opened import read_whole

_LARGEST = 1 << 20
"""Bytes of a file that is read for names."""
_MOST_FILES = 2000
_SETTINGS = frozenset({".json", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".env", ".txt"})
"""Endings of files that say where others are. One counts where the code names it."""
_PATTERN = re.compile(r"[\w.-]*[*{][^\s\"'/]*")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the entry script, the modules that it imports and the settings that they read say.

    Attributes:
        text: All of it, one file behind the other.
        modules: The script and those modules, by their paths in the image.
    """

    text: str
    modules: frozenset[str] = frozenset()

    def names(self, file: str) -> bool:
        """Whether a file's name stands in it, as a name of its own."""
        name = re.escape(PurePosixPath(file).name)
        return re.search(rf"(?<![\w.-]){name}(?![\w-]|\.\w)", self.text) is not None

    def may_name(self, file: str) -> bool:
        """Whether a pattern stands in it that fits: `*.json`, or `{language}.json`."""
        name = PurePosixPath(file).name
        patterns = (re.sub(r"\{[^}]*\}?", "*", found) for found in set(_PATTERN.findall(self.text)))
        return any(pattern.strip("*?.") and fnmatchcase(name, pattern) for pattern in patterns)


def mentions_of(code: FileTree, folder: str, script: str) -> Mentions:
    """What the code that scores speaks of.

    Args:
        code: The source directory, by its paths in the image.
        folder: Where it lies there.
        script: The entry script's path there.
    """
    files = {file.path: file.content for file in code.files if isinstance(file.content, Path)}
    places = tuple(dict.fromkeys((folder, script.rpartition("/")[0])))
    waiting, texts = [script], dict[str, str]()
    while waiting and len(texts) < _MOST_FILES:
        path = waiting.pop()
        if path in files and path not in texts:
            texts[path] = _text(files[path])
            waiting += _imported(texts[path], path, places)
    settings = [path for path in files if PurePosixPath(path).suffix in _SETTINGS]
    spoken = Mentions("\n".join(texts.values()))
    read = (_text(files[path]) for path in settings if spoken.names(path))
    return Mentions("\n".join((spoken.text, *read)), frozenset(texts))


def _text(file: Path) -> str:
    """What a file says; nothing where it is too long, or cannot be read: whoever packs it says why."""
    try:
        return read_whole(file, _LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _imported(text: str, path: str, places: tuple[str, ...]) -> Iterator[str]:
    """The files of the modules that a module imports, as far as they are the user's."""
    try:
        tree = parse_python(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name.split("."), places)
        elif isinstance(node, ast.ImportFrom):
            above = PurePosixPath(path).parents[node.level - 1].as_posix() if 0 < node.level <= path.count("/") else ""
            name = node.module.split(".") if node.module else []
            for alias in node.names:
                yield from _files_of([*name, alias.name], (above,) if above else places)


def _files_of(name: list[str], places: tuple[str, ...]) -> Iterator[str]:
    """Where a module, and each package that it lies in, may be."""
    for place in places:
        for end in range(1, len(name) + 1):
            stem = "/".join((place, *name[:end]))
            yield f"{stem}.py"
            yield f"{stem}/__init__.py"
