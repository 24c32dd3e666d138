"""What a script reaches from its body, `init()` and `run()`, through the user's own modules, as far as one can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from functions_model.preflight.facts import Certainty, Facts, Import, Scope
from functions_model.preflight.image_modules import Answer, ImageModules, Module
from functions_model.preflight.paths import PathReader
from functions_model.preflight.reading import names_of, read_facts
from functions_model.preflight.roots import Outcome

_ROUNDS = 5
"""How often what was found may bring new folders on `sys.path`, and so new modules."""
_MADE = ("__init__", "__new__", "__post_init__", "__call__", "__enter__")
"""What runs of a class that is called."""
_FARTHEST = 8
"""Modules that a name may be passed on through."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where the server begins.

    Attributes:
        module: The script.
        functions: What it calls of it.
    """

    module: Module
    functions: tuple[str, ...] = ("init", "run")


@dataclass(frozen=True, slots=True)
class Missing:
    """An import that nothing in the image answers.

    Attributes:
        found: The import.
        name: The dotted name that was looked for.
        path: The file that it stands in, in the image.
        lacking: As much of the name as is not there.
        certainty: How certain it is that the import runs and must succeed.
        is_below: Whether what the lacking name is in is there.
        is_name: Whether a name of one of the user's own modules is lacking, which may be one of a module or not.
        is_relative: Whether it is a relative import in a file that belongs to no package.
    """

    found: Import
    name: str
    path: str
    lacking: str
    certainty: Certainty
    is_below: bool = False
    is_name: bool = False
    is_relative: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """All that a script reaches.

    Attributes:
        missing: The first import of each name that is not there, the most certain first.
        paths: The user's files that are run, in the image.
        folders: The user's folders on `sys.path`, in the image.
        provided: Names that the user's code puts into `sys.modules`.
        is_wild: What can be imported changes in ways that only the run knows.
    """

    missing: tuple[Missing, ...] = ()
    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    provided: frozenset[str] = frozenset()
    is_wild: bool = False


def reach(
    modules: ImageModules, start: Start, folders: Iterable[str], python: str, reader: Callable[[str, Facts], PathReader]
) -> Reached:
    """Follow a script.

    Args:
        modules: What can be imported.
        start: Where it begins.
        folders: The user's folders on `sys.path` from the start, in the image.
        python: The minor.
        reader: Reads paths of a file, given by its path in the image and its facts.
    """
    on_path = tuple(dict.fromkeys(folders))
    cache: dict[str, Facts | None] = {}
    for _ in range(_ROUNDS):
        walk = _Walk(modules, on_path, python, cache)
        walk.begin(start)
        more, is_wild = _added(walk, reader)
        longer = tuple(dict.fromkeys((*on_path, *more)))
        if longer == on_path:
            break
        on_path = longer
    provided = frozenset(name for path in walk.visited for name in walk.facts(path).provided)
    missing = [one for one in walk.missing() if not _is_provided(one, provided)]
    return Reached(tuple(_first_of_each(missing)), tuple(walk.visited), on_path, provided, is_wild or "*" in provided)


def _added(walk: _Walk, reader: Callable[[str, Facts], PathReader]) -> tuple[list[str], bool]:
    """The folders that are put on `sys.path`, and whether more is changed than can be read."""
    found, wild = [], False
    for path in walk.visited:
        facts = walk.facts(path)
        wild = wild or facts.is_wild
        for added in facts.paths:
            folder = reader(path, facts).path(added.folder)
            if folder is None or folder.endswith((".zip", ".egg", ".whl")):
                wild = True
            elif folder != "/":
                found.append(folder.lstrip("/"))
    return found, wild


def _is_provided(missing: Missing, provided: frozenset[str]) -> bool:
    return any(missing.name == name or missing.name.startswith(f"{name}.") for name in provided)


def _first_of_each(missing: list[Missing]) -> Iterator[Missing]:
    told: set[str] = set()
    for one in sorted(missing, key=lambda one: -one.certainty):
        if one.lacking not in told:
            told.add(one.lacking)
            yield one


@dataclass(slots=True)
class _Walk:
    """One walk, with the same folders on `sys.path` from beginning to end."""

    modules: ImageModules
    folders: tuple[str, ...]
    python: str
    cache: dict[str, Facts | None]
    own: dict[str, Module] = field(default_factory=dict)
    certainties: dict[tuple[str, str], Certainty] = field(default_factory=dict)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    found: dict[tuple[str, int, str], Missing] = field(default_factory=dict)
    bound: dict[str, frozenset[str] | None] = field(default_factory=dict)

    @property
    def visited(self) -> list[str]:
        """The user's files that are run, in the order in which they were met."""
        return [path for path, scope in self.certainties if not scope]

    def facts(self, path: str) -> Facts:
        if path not in self.cache:
            source = self.modules.source(path) if path.endswith(".py") else None
            self.cache[path] = read_facts(source, self.python) if source is not None else None
        return self.cache[path] or Facts({})

    def begin(self, start: Start) -> None:
        self._run(start.module, Certainty.CERTAIN)
        for function in start.functions:
            for target in self._targets(start.module.path, "", function):
                self._raise(target, Certainty.CERTAIN)
        while self.waiting:
            self._scope(*self.waiting.pop(0))

    def missing(self) -> Iterator[Missing]:
        yield from self.found.values()
        before = dict(self.found)
        for path in self.visited:
            for name, scope in self.facts(path).scopes.items():
                if (path, name) not in self.certainties:
                    self._imports(path, scope, Certainty.MAYBE, follow=False)
        yield from (one for key, one in self.found.items() if key not in before)

    def _run(self, module: Module, certainty: Certainty) -> None:
        self.own.setdefault(module.path, module)
        self._raise((module.path, ""), certainty)

    def _raise(self, target: tuple[str, str], certainty: Certainty) -> None:
        if certainty > self.certainties.get(target, Certainty.NEVER):
            self.certainties[target] = certainty
            self.waiting.append(target)

    def _scope(self, path: str, name: str) -> None:
        scope, certainty = self.facts(path).scopes.get(name, Scope()), self.certainties[path, name]
        self._imports(path, scope, certainty)
        for call in scope.calls:
            for target in self._targets(path, name, call.name):
                self._raise(target, min(certainty, call.certainty))

    def _imports(self, path: str, scope: Scope, certainty: Certainty, *, follow: bool = True) -> None:
        for one in scope.imports:
            sure = min(certainty, one.certainty)
            if sure is Certainty.NEVER or (one.instead_of and all(map(self._is_there(path), one.instead_of))):
                continue
            self._import(path, one, sure, follow=follow)

    def _is_there(self, path: str) -> Callable[[Import], bool]:
        return lambda one: self._answer(path, one).outcome in {Outcome.FOUND, Outcome.OPEN}

    def _import(self, path: str, one: Import, certainty: Certainty, *, follow: bool) -> None:
        name = self._absolute(path, one)
        if name is None:
            if one.names is not None:  # else a call, whose package only the run knows
                self._miss(Missing(one, one.module, path, one.module, certainty, is_relative=True))
            return
        answer = self._answer(path, one)
        if answer.outcome in {Outcome.ABSENT, Outcome.LACKING}:
            below = answer.outcome is Outcome.LACKING
            self._miss(Missing(one, name, path, answer.lacking, certainty, is_below=below))
            return
        for module in answer.own if follow else ():
            self._run(module, certainty)
        for taken, _ in one.names or ():
            sub = self.modules.find(f"{name}.{taken}", self.folders) if name else Answer(Outcome.ABSENT)
            for module in sub.own if follow and sub.outcome is Outcome.FOUND else ():
                self._run(module, certainty)
            if sub.outcome in {Outcome.ABSENT, Outcome.LACKING} and taken != "*":
                self._name(Missing(one, f"{name}.{taken}", path, f"{name}.{taken}", certainty), answer, name, taken)

    def _name(self, missing: Missing, answer: Answer, module: str, taken: str) -> None:
        """A name that is taken out of a module, and is none of its modules."""
        if self.modules.lacks(module, taken, self.folders):
            self._miss(replace(missing, is_below=module in self.modules.inventory.barren))
        elif answer.outcome is Outcome.FOUND and answer.own and answer.own[-1].name == module:
            bound = self._bound(answer.own[-1].path)
            if bound is not None and taken not in bound and not self.modules.makes_modules(answer.own[-1].path):
                self._miss(replace(missing, is_name=True))

    def _bound(self, path: str) -> frozenset[str] | None:
        if path not in self.bound and (tree := self.facts(path).tree):
            self.bound[path] = names_of(tree)
        return self.bound.get(path)

    def _miss(self, missing: Missing) -> None:
        key = missing.path, missing.found.line, missing.lacking
        if key not in self.found or self.found[key].certainty < missing.certainty:
            self.found[key] = missing

    def _answer(self, path: str, one: Import) -> Answer:
        name = self._absolute(path, one)
        return self.modules.find(name, self.folders) if name else Answer(Outcome.ABSENT)

    def _absolute(self, path: str, one: Import) -> str | None:
        """The dotted name; None for a relative import in a file that belongs to no package."""
        if not one.level:
            return one.module
        package = self.own[path].package if path in self.own else ""
        parts = package.split(".") if package else []
        above = len(parts) - one.level + 1
        if not parts or above < 1:
            return None
        rest = one.module.lstrip(".")
        return ".".join([*parts[:above], *([rest] if rest else [])])

    def _targets(self, path: str, scope: str, name: str) -> Iterator[tuple[str, str]]:
        """The scopes of the user's own code that run when something is called by a name."""
        first, _, rest = name.partition(".")
        if first in {"self", "cls"} and rest and "." in scope:
            yield path, f"{scope.partition('.')[0]}.{rest}"
            return
        yield from self._symbol(path, first, rest, scope, 0)

    def _symbol(self, path: str, first: str, rest: str, scope: str, depth: int) -> Iterator[tuple[str, str]]:
        facts = self.facts(path)
        if first in facts.classes:
            yield from ((path, f"{first}.{made}") for made in ((rest,) if rest else _MADE))
        elif first in facts.scopes and not rest:
            yield path, first
        elif depth < _FARTHEST:
            for one in (*facts.scopes.get(scope, Scope()).imports, *facts.scopes.get("", Scope()).imports):
                yield from self._through(path, one, first, rest, depth + 1)

    def _through(self, path: str, one: Import, first: str, rest: str, depth: int) -> Iterator[tuple[str, str]]:
        """What a name means that an import binds."""
        module = self._absolute(path, one)
        if module is None:
            return
        if one.names is None:
            whole = f"{first}.{rest}" if not one.alias else f"{module}.{rest}" if one.alias == first else ""
            if whole.startswith(f"{module}."):
                yield from self._inside(module, whole[len(module) + 1 :], depth)
            return
        for taken, bound in one.names:
            if bound == first:
                yield from self._inside(module, f"{taken}.{rest}" if rest else taken, depth)
            elif taken == "*":
                yield from self._inside(module, f"{first}.{rest}" if rest else first, depth)

    def _inside(self, module: str, name: str, depth: int) -> Iterator[tuple[str, str]]:
        """What a dotted name means in a module of the user's own."""
        first, _, rest = name.partition(".")
        below = self.modules.find(f"{module}.{first}", self.folders)
        if rest and below.outcome is Outcome.FOUND and below.own:
            yield from self._inside(f"{module}.{first}", rest, depth + 1)
            return
        found = self.modules.find(module, self.folders)
        if found.outcome is Outcome.FOUND and found.own:
            self.own.setdefault(found.own[-1].path, found.own[-1])
            yield from self._symbol(found.own[-1].path, first, rest, "", depth)
