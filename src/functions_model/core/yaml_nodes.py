"""YAML as nodes, so that every problem can name its line. The one place that reads YAML which somebody else wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from functions_model.core.failures import Location
from functions_model.core.near import any_of, near

if TYPE_CHECKING:
    Refuse = Callable[[Location, str, str], None]
    """Notes a problem: its place, what is wrong, and the remedy."""

_NULL = "tag:yaml.org,2002:null"
_DEEPEST = 64
"""Levels of lists and mappings. PyYAML calls itself for each, and files that people write have ten at most."""
_MOST = 200_000
"""Nodes, those that an alias stands for counted each time: a few lines of aliases can stand for billions."""

_SHOWN = 100
"""Characters of a key that a message repeats."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a pair of UTF-16: `"\\ud83d"` is none in YAML, and no text with one can be shown or written."""


class NotYaml(ValueError):
    """A text is no YAML, or none that anybody would write by hand.

    Args:
        what: A clause without a full stop: "it is not YAML: found a tab".
        line: Counted from 1; None where the whole text is meant.
    """

    def __init__(self, what: str, line: int | None = None) -> None:
        self.what, self.line = what, line
        super().__init__(what)


class _Loader(yaml.SafeLoader):
    """PyYAML's own, for texts of strangers: depth and size are limited, and no alias stands inside of itself."""

    def __init__(self, stream: str | bytes) -> None:
        super().__init__(stream)
        self._depth, self._nodes = 0, 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line, before = event.start_mark.line + 1, self._nodes
        if self._depth >= _DEEPEST:
            raise NotYaml("it is nested too deeply", line)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if not isinstance(event, yaml.AliasEvent):
            self._nodes += 1
            self._sizes[id(node)] = self._nodes - before
        elif id(node) in self._sizes:
            self._nodes += self._sizes[id(node)]
        else:
            raise NotYaml(f"the alias `*{event.anchor}` stands inside of what it means", line)
        if self._nodes > _MOST:
            raise NotYaml("its aliases say more than anybody would write", line)
        if isinstance(node, yaml.ScalarNode) and _HALF.search(node.value):
            # JSON writes a character as two halves (`\ud83d\udd11`), which PyYAML takes for two.
            node.value = node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            if _HALF.search(node.value):
                raise NotYaml("it is not YAML: an escape means half a character", line)
        return node


def compose(text: str | bytes) -> yaml.Node | None:
    """The document's one node, each with its place; None of an empty document.

    Raises:
        NotYaml: It is no YAML, has several documents, is nested too deeply, or stands for too much.
    """
    try:
        return _Loader(text).get_single_node()
    except NotYaml:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise NotYaml(f"it is not YAML: {error.problem or error.context}", line) from error
    except yaml.YAMLError as error:
        raise NotYaml(f"it is not YAML: {str(error).splitlines()[0]}") from error
    except (ValueError, OverflowError) as error:  # `"\\UFFFFFFFF"` is no character, and bytes may be no text
        raise NotYaml(f"it is not YAML: {error}") from error


def document_of(node: yaml.Node | None) -> Any:
    """What a node says, as plain Python.

    Raises:
        NotYaml: It has a tag that is none of YAML's own, or one that its text does not fit: `!!int three`.
    """
    if node is None:
        return None
    builder = yaml.constructor.SafeConstructor()
    try:
        return builder.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise NotYaml(f"it is not YAML: {error.problem or error.context}", line) from error
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        # What PyYAML's constructors of numbers, truths and dates raise for other texts.
        raise NotYaml("it is not YAML: a value does not fit its tag", node.start_mark.line + 1) from error


def read_mapping(text: str, path: Path, refuse: Refuse, remedy: str, or_none: str = "") -> yaml.MappingNode | None:
    """The document as one mapping, or None and a problem.

    Args:
        text: The document.
        path: Its file.
        refuse: Takes the problem.
        remedy: What to do about a document that is empty, or no mapping, without a full stop.
        or_none: What else to do about one that is empty: ", or give no file".
    """
    try:
        node = compose(text)
    except NotYaml as error:
        refuse(Location(path, error.line), error.what, "Correct the file.")
        return None
    if isinstance(node, yaml.MappingNode):
        return node
    what, rest = ("it is empty", or_none) if node is None else ("it is not a mapping", "")
    refuse(Location(path, 1), what, f"{remedy}{rest}.")
    return None


def place(path: Path, node: yaml.Node) -> Location:
    """The line where a node starts."""
    return Location(path, node.start_mark.line + 1)


def sections(
    node: yaml.MappingNode,
    known: Iterable[str],
    path: Path,
    refuse: Refuse,
    *,
    within: str = "",
    filled: Container[str] = (),
) -> dict[str, tuple[Location, yaml.Node]]:
    """The values of a mapping by key, each with its key's line. Unknown keys and keys given twice are problems.

    Args:
        node: The mapping.
        known: The keys that there are.
        path: The file.
        refuse: Takes the problems.
        within: The key that the mapping belongs to; empty for the document.
        filled: Keys that must have a value where they are given.
    """
    names = tuple(known)
    found: dict[str, tuple[Location, yaml.Node]] = {}
    for key, value in node.value:
        where, name = place(path, key), key.value if isinstance(key, yaml.ScalarNode) else ""
        if name not in names:
            shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
            refuse(where, f"there is no key `{shown}`{f' in `{within}`' if within else ''}", _nearest(name, names))
        elif name in found:
            refuse(where, f"the key `{name}` is set twice", "Keep one of the two.")
        elif name in filled and is_empty(value):
            refuse(where, f"`{name}` has no value", "Give it one, or remove it.")
        else:
            found[name] = where, value
    return found


def is_empty(node: yaml.Node) -> bool:
    """Whether a node is null or a blank text."""
    return isinstance(node, yaml.ScalarNode) and (node.tag == _NULL or not node.value.strip())


def _nearest(name: str, known: tuple[str, ...]) -> str:
    found = near(name, known)
    return f"Did you mean {any_of(found)}?" if found else f"The keys are: {', '.join(f'`{key}`' for key in known)}."
