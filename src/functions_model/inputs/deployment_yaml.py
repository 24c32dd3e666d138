"""A deployment file as YAML nodes, so that every problem can name its line."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import yaml

from functions_model.core.failures import Location, Problem
from functions_model.core.yaml_nodes import place, read_mapping, sections

SUBJECT = "deployment-file"


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
        return place(self.file, node)

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
        remedy = "Give an Azure ML online deployment, with `model:` and so on"
        return read_mapping(self.text, self.file, self.refuse, remedy)

    def sections(
        self, node: yaml.MappingNode, known: Iterable[str], within: str = "", *, may_be_empty: Container[str] = ()
    ) -> dict[str, tuple[Location, yaml.Node]]:
        """As `core.yaml_nodes.sections`; keys without a value are problems, too, but for those that need none."""
        names = tuple(known)
        filled = [name for name in names if name not in may_be_empty]
        return sections(node, names, self.file, self.refuse, within=within, filled=filled)

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
