"""A YAML file with inputs by name: one for all commands, and for `try`."""

from __future__ import annotations

from pathlib import Path

import yaml

from functions_model.core.failures import Location, Problem
from functions_model.core.yaml_nodes import is_empty, place, read_mapping, sections
from functions_model.image.opened import TextRefused, read_text
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.form import Form
from functions_model.inputs.sources import own_variable

SUBJECT = "inputs-file"
_HERE = tuple(spec.name for spec in CATALOGUE if spec.name != SUBJECT)
_SECRETS = frozenset(spec.name for spec in CATALOGUE if spec.secret)


def fill_from_file(form: Form) -> None:
    """Add to the form what the input `inputs-file` says. Inputs that are given win over it."""
    file = form.take(SUBJECT, form.workspace.file)
    if not file:
        return
    form.file = file
    found, problems = inputs_in(file)
    form.problems += problems
    for name, (text, where) in found.items():
        if not form.values.get(name):
            form.values[name] = text
            form.origins[name] = where


def inputs_in(file: Path, subject: str = SUBJECT) -> tuple[dict[str, tuple[str, Location]], list[Problem]]:
    """The inputs in a file, each with its place, and what is wrong with them. A list is a text of lines.

    A text is as it is written: `3.10` is no number, and `true` no other word.

    Args:
        file: The file; it is there.
        subject: The input that problems are about; empty where none names the file.
    """
    problems: list[Problem] = []

    def refuse(where: Location, what: str, remedy: str) -> None:
        problems.append(Problem(what, remedy, subject, where))

    found: dict[str, tuple[str, Location]] = {}
    try:
        text = read_text(file)
    except TextRefused as error:
        refuse(Location(file, error.line), error.what, error.remedy)
        return found, problems
    root = read_mapping(text, file, refuse, "Write one `name: value` on each line") if text.strip() else None
    for name, (where, node) in (sections(root, _HERE, file, refuse) if root else {}).items():
        if name in _SECRETS:
            remedy = f"Keep it where the CI host keeps secrets, and set it as `{own_variable(name)}`."
            refuse(where, f"`{name}` contains secrets, which do not belong in a file of the repository", remedy)
        elif not is_empty(node):
            found[name] = _text(node), place(file, node)
            if isinstance(node, yaml.MappingNode):
                refuse(where, f"`{name}` is a mapping", "Give a text, or a list of texts.")
    return found, problems


def _text(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "\n".join(_text(item) for item in node.value) or "[]"
    return node.value if isinstance(node, yaml.ScalarNode) else ""
