"""A deployment file as YAML nodes, so that every problem can name its line."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import yaml

from functions_model.core.failures import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

SUBJECT = "deployment-file"
_NULL = "tag:yaml.org,2002:null"


@dataclass(slots=True)
class Sheet:
    """A deployment file, what it gives, and what is wrong with it.

    Attributes:
        file: Absolute.
        workspace: The folder that inputs are relative to, absolute.
        text: The whole file.
        given: Texts for inputs, each with its place.
    """

    file: Path
    workspace: Path
    text: str
    given: dict[str, tuple[str, Location]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file as people name it."""
        return self.file.relative_to(self.workspace).as_posix()

    def place(self, node: yaml.Node) -> Location:
        """The line where a node starts."""
        return Location(self.file, node.start_mark.line + 1)

    def refuse(self, where: yaml.Node | Location, what: str, remedy: str) -> None:
        """Note a problem."""
        location = where if isinstance(where, Location) else self.place(where)
        self.problems.append(Problem(what, remedy, SUBJECT, location))

    def note(self, key: str, reason: str) -> None:
        """Note that something of the file is left out."""
        self.notes.append(f"`{key}` in `{self.name}` is not used: {reason}.")

    def give(self, name: str, text: str, node: yaml.Node) -> None:
        """Note what an input is, as far as the file says."""
        self.given[name] = text, self.place(node)

    def root(self) -> yaml.MappingNode | None:
        """The document as one mapping, or None and a problem."""
        try:
            node = yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            self.refuse(Location(self.file, line), f"it is not YAML: {error.problem or error.context}", "Correct it.")
            return None
        except yaml.YAMLError as error:
            self.refuse(Location(self.file), f"it is not YAML: {str(error).splitlines()[0]}", "Correct it.")
            return None
        if not isinstance(node, yaml.MappingNode):
            what = "it is empty" if node is None else "it is not a mapping"
            self.refuse(Location(self.file, 1), what, "Give an Azure ML online deployment, with `model:` and so on.")
            return None
        return node

    def sections(
        self, node: yaml.MappingNode, known: Iterable[str], within: str = "", *, may_be_empty: Container[str] = ()
    ) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key and value nodes by key. Unknown keys, keys given twice and keys without a value are problems.

        Args:
            node: The mapping.
            known: The keys that there are.
            within: The key that the mapping belongs to; empty for the document.
            may_be_empty: Keys that need no value.
        """
        names = tuple(known)
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in names:
                place = f" in `{within}`" if within else ""
                self.refuse(key, f"there is no key `{name}`{place}", _nearest(name, names))
            elif name in found:
                self.refuse(key, f"the key `{name}` is given twice", "Keep one of the two.")
            elif is_empty(value) and name not in may_be_empty:
                self.refuse(key, f"`{name}` has no value", "Give it one, or remove it.")
            else:
                found[name] = key, value
        return found

    def scalar(self, node: yaml.Node, key: str) -> str:
        """A node's text without blanks around it; empty, and a problem noted, when it has none."""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value).strip()
        self.refuse(node, f"`{key}` is not text", "Write it as `key: value`.")
        return ""

    def local_path(self, node: yaml.Node, key: str) -> str:
        """A path beside the file as one relative to the workspace; empty, and a problem noted, when it is none."""
        text = self.scalar(node, key)
        if ":/" in text or text.startswith("azureml:"):
            self.refuse(
                node,
                f"`{key}` is `{text}`, which is not in the checkout",
                "Give a path relative to the deployment file.",
            )
            return ""
        return self.relative(text) if text else ""

    def relative(self, text: str) -> str:
        """A path beside the file as one relative to the workspace. It may lead out of it, which `paths` refuses."""
        if PurePosixPath(text).is_absolute():
            return text
        return os.path.relpath(os.path.normpath(self.file.parent / text), self.workspace)

    def slice(self, node: yaml.Node) -> str:
        """A node's own text, indented as in the file."""
        start, end = node.start_mark, node.end_mark
        return " " * start.column + self.text[start.index : end.index].rstrip() + "\n"


def is_empty(node: yaml.Node) -> bool:
    """Whether a node is null or an empty text."""
    return isinstance(node, yaml.ScalarNode) and (node.tag == _NULL or not node.value.strip())


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Every scalar in a document, each once, be there aliases or not."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, yaml.ScalarNode):
            yield one
        elif isinstance(one, yaml.MappingNode):
            waiting += [part for pair in reversed(one.value) for part in reversed(pair)]
        else:
            waiting += reversed(one.value)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"The keys are: {', '.join(f'`{key}`' for key in known)}."
