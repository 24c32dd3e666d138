"""Templates of Azure Pipelines, expanded before a run as its documents say.

learn.microsoft.com/azure/devops/pipelines/process/ template-parameters, template-expressions and expressions: typed
parameters, `${{ parameters.x }}`, `if` and `each`, `eq`, `ne`, `and`, `or` and `not`. Whatever else is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

_WHOLE = re.compile(r"\$\{\{((?:(?!\}\}).)*)\}\}", re.DOTALL)
_IF, _EACH = re.compile(r"if\s+(.+)", re.DOTALL), re.compile(r"each\s+(\w+)\s+in\s+(.+)", re.DOTALL)
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|-?\d+(?:\.\d+)?|[A-Za-z_]\w*(?:\.\w+)*|[(),])")
Names = Mapping[str, Any]


class Refused(Exception):
    """What the service would not take, or what is not known here."""


def read_yaml(text: str) -> Any:
    """A pipeline's file: every scalar is a text until a parameter's type says otherwise."""
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the one loader that makes texts alone


def expand_steps(steps: list[Any], read: Callable[[str, str], str]) -> list[dict[str, Any]]:
    """The steps of a job, each template in the place of its call.

    Args:
        steps: As the pipeline has them.
        read: The text of a file, by its path and the alias of its repository.

    Raises:
        Refused: A parameter or an expression is not as documented.
    """
    found: list[dict[str, Any]] = []
    for step in steps:
        if "template" not in step:
            found.append(step)
            continue
        path, _, alias = step["template"].partition("@")
        found += expand_template(read(path, alias), step.get("parameters", {}))
    return found


def expand_template(text: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps of one template with these parameters."""
    template = read_yaml(text)
    declared = {one["name"]: one for one in template["parameters"]}
    if unknown := sorted(given.keys() - declared.keys()):
        raise Refused(f"Unexpected parameter '{unknown[0]}'")
    values = {name: _typed(one, given) for name, one in declared.items()}
    steps: list[dict[str, Any]] = _expanded(template["steps"], {"parameters": values})
    return steps


def _typed(declared: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    name = declared["name"]
    if name not in given and "default" not in declared:
        raise Refused(f"A value for the '{name}' parameter must be provided")
    value = given.get(name, declared.get("default"))
    if declared["type"] == "object":
        return value
    if not isinstance(value, str):
        raise Refused(f"The '{name}' parameter is not a text")
    if "values" in declared and value not in declared["values"]:
        raise Refused(f"The '{name}' parameter value '{value}' is not a valid value")
    return _of_type(name, declared["type"], value)


def _of_type(name: str, kind: str, value: str) -> Any:
    if kind == "boolean" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value) if "." in value else int(value)
    if kind == "string":
        return value
    raise Refused(f"The '{name}' parameter value '{value}' is not of the type {kind}")


def _expanded(node: Any, names: Names) -> Any:
    if isinstance(node, list):
        return [item for one in node for item in _items(one, names)]
    if isinstance(node, dict):
        return dict(pair for key, value in node.items() for pair in _pairs(key, value, names))
    return _scalar(node, names)


def _items(node: Any, names: Names) -> Iterator[Any]:
    """An item of a list, or what an expression makes of it: the items of the list below it."""
    if isinstance(node, dict) and len(node) == 1:
        [(key, below)] = node.items()
        if (directive := _directive(key)) is not None:
            if not isinstance(below, list):
                raise Refused(f"`{key}` in a list has no list below it")
            for inner in _times(directive, names):
                yield from _expanded(below, inner)
            return
    yield _expanded(node, names)


def _pairs(key: str, value: Any, names: Names) -> Iterator[tuple[str, Any]]:
    """A pair of a mapping, or what an expression makes of it: the pairs of the mapping below it."""
    directive = _directive(key)
    if directive is None:
        yield _scalar(key, names), _expanded(value, names)
        return
    if not isinstance(value, dict):
        raise Refused(f"`{key}` in a mapping has no mapping below it")
    for inner in _times(directive, names):
        yield from _expanded(value, inner).items()


def _directive(key: str) -> re.Match[str] | None:
    """The `if` or `each` of a key; None where it is a name. `else`, `elseif` and `insert` are not known here."""
    whole = _WHOLE.fullmatch(key)
    if whole is None:
        return None
    text = whole[1].strip()
    found = _IF.fullmatch(text) or _EACH.fullmatch(text)
    if found is None and re.match(r"(?:else|elseif|insert)\b", text):
        raise Refused(f"`{text}` is not known here")
    return found


def _times(directive: re.Match[str], names: Names) -> Iterator[Names]:
    """The names for each time that what is below is taken."""
    if directive.re is _IF:
        if _truth(_value(directive[1], names)):
            yield names
        return
    found = _value(directive[2], names)
    entries = [{"key": key, "value": value} for key, value in found.items()] if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise Refused(f"`{directive[2]}` is neither a list nor a mapping")
    for entry in entries:
        yield {**names, directive[1]: entry}


def _scalar(text: str, names: Names) -> Any:
    if whole := _WHOLE.fullmatch(text):
        found = _value(whole[1], names)
        return found if isinstance(found, list | dict) else _text(found)
    expanded = _WHOLE.sub(lambda match: _text(_value(match[1], names)), text)
    if "${{" in expanded.replace("$(", ""):
        raise Refused(f"`{text}` has an expression that does not end")
    return expanded


def _text(value: Any) -> str:
    """As the service writes it: a boolean has a capital letter."""
    if isinstance(value, list | dict):
        raise Refused("a list or a mapping is no text")
    return str(value)


def _truth(value: Any) -> bool:
    return value != "" if isinstance(value, str) else bool(value)


def _value(text: str, names: Names) -> Any:
    tokens = [match[1] for match in _TOKEN.finditer(text)]
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text):
        raise Refused(f"`{text.strip()}` is not known here")
    value, rest = _term(tokens, names)
    if rest:
        raise Refused(f"`{text.strip()}` goes on with `{rest[0]}`")
    return value


def _same(left: Any, right: Any) -> bool:
    """The right side is taken as the left one's type; texts are the same in any case."""
    if isinstance(left, bool):
        return left == (_truth(right) if not isinstance(right, str) else right.lower() == "true")
    if isinstance(left, str):
        return left.lower() == _text(right).lower()
    return bool(left == right)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "eq": _same,
    "ne": lambda left, right: not _same(left, right),
    "and": lambda *values: all(map(_truth, values)),
    "or": lambda *values: any(map(_truth, values)),
    "not": lambda value: not _truth(value),
}


def _term(tokens: list[str], names: Names) -> tuple[Any, list[str]]:
    if not tokens:
        raise Refused("an expression ends too early")
    first, *rest = tokens
    if rest[:1] == ["("]:
        return _call(first, rest[1:], names)
    if first.startswith("'"):
        return first[1:-1].replace("''", "'"), rest
    if first.lower() in {"true", "false"}:
        return first.lower() == "true", rest
    if re.fullmatch(r"-?\d.*", first):
        return float(first) if "." in first else int(first), rest
    return _named(first, names), rest


def _call(function: str, tokens: list[str], names: Names) -> tuple[Any, list[str]]:
    if function not in _FUNCTIONS:
        raise Refused(f"the function `{function}` is not known here")
    arguments: list[Any] = []
    while True:
        value, tokens = _term(tokens, names)
        arguments.append(value)
        if tokens[:1] == [")"]:
            return _FUNCTIONS[function](*arguments), tokens[1:]
        if tokens[:1] != [","]:
            raise Refused(f"`{function}` is not closed")
        tokens = tokens[1:]


def _named(path: str, names: Names) -> Any:
    found: Any = names
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise Refused(f"`{path}` names nothing")
        found = found[part]
    return found
