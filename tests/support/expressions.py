"""Expressions of workflows, `${{ ... }}`, as far as ours use them.

https://docs.github.com/actions/reference/workflows-and-actions/expressions: names that are not there are empty, and
`||` gives a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"'(?:[^']|'')*'|&&|\|\||==|!=|!|\(|\)|,|[A-Za-z_][\w.-]*|\S")
_WORDS = {"&&": "and", "||": "or", "!": "not"}
_INSIDE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)


def evaluate(expression: str, contexts: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """The value of an expression, without its braces."""
    words = []
    for token in _TOKEN.findall(expression):
        if token.startswith("'"):
            words.append(repr(token[1:-1].replace("''", "'")))
        elif token in functions:
            words.append(f"call({token!r})")
        elif re.match(r"[A-Za-z_]", token) and token not in ("true", "false"):
            words.append(f"look({token!r})")
        else:
            words.append(_WORDS.get(token, token.capitalize() if token in ("true", "false") else token))
    names = {"call": functions.__getitem__, "look": lambda path: looked_up(path, contexts)}
    return eval(" ".join(words), {"__builtins__": {}}, names)  # noqa: S307 - the project's own workflows


def looked_up(path: str, contexts: Mapping[str, Any]) -> Any:
    """What a context holds at `steps.plan.outputs.version`; empty where it holds nothing."""
    found: Any = contexts
    for name in path.split("."):
        found = found.get(name, "") if isinstance(found, Mapping) else ""
    return found


def filled(text: Any, contexts: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """A value of a workflow with its expressions filled in; a text that is one expression keeps its type."""
    if not isinstance(text, str):
        return text
    whole = _INSIDE.fullmatch(text)
    if whole:
        return evaluate(whole[1], contexts, functions)
    return _INSIDE.sub(lambda match: str(evaluate(match[1], contexts, functions)), text)
