"""What one file of Python does when it is run, as far as that matters to what it imports: read, never run."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast


class Certainty(enum.IntEnum):
    """How certain it is that a statement runs, and that its failing ends what runs."""

    NEVER = 0
    """It does not run in the image, or whoever wrote it catches the failure."""
    MAYBE = 1
    """Only the run knows."""
    CERTAIN = 2
    """It runs whenever what it stands in runs."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import.

    Attributes:
        module: As it stands there, with leading dots where it is relative: `a.b`, `..c`.
        line: Counted from 1.
        certainty: How certain it is that it must succeed.
        names: What `from` takes out of it: the name there, and here. None for `import`.
        alias: The name of `import a.b as c`; empty without one.
        instead_of: It stands in a handler: it runs where one of these has failed.
    """

    module: str
    line: int
    certainty: Certainty
    names: tuple[tuple[str, str], ...] | None = None
    alias: str = ""
    instead_of: tuple[Import, ...] = ()

    @property
    def level(self) -> int:
        """How many dots it begins with."""
        return len(self.module) - len(self.module.lstrip("."))


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something that has a name.

    Attributes:
        name: `f`, `module.f`, `self.method`, `Class`.
        certainty: How certain it is that it happens, and that a failure in it is not caught.
    """

    name: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class PathAdded:
    """A folder that is put on `sys.path`.

    Attributes:
        folder: Its expression.
    """

    folder: ast.expr


@dataclass(frozen=True, slots=True)
class Scope:
    """What happens in the body of a file, of a function or of a method."""

    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file does.

    Attributes:
        scopes: By name: `` for the file's own body, `f`, `Class.method`.
        classes: The names of its classes.
        paths: The folders that it puts on `sys.path`, anywhere.
        provided: Names that it puts into `sys.modules`.
        is_wild: It changes what can be imported in ways that only the run knows.
        names: What is assigned to each name that is assigned to once, where it changes `sys.path`.
        tree: The whole; None for a file that cannot be read.
    """

    scopes: Mapping[str, Scope]
    classes: frozenset[str] = frozenset()
    paths: tuple[PathAdded, ...] = ()
    provided: frozenset[str] = frozenset()
    is_wild: bool = False
    names: Mapping[str, ast.expr] = field(default_factory=dict)
    tree: ast.Module | None = field(default=None, repr=False, compare=False)
