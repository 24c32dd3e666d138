"""Settings as the tasks of App Service on Azure Pipelines take them: `-NAME value -OTHER "a value"`.

How they are read there: azure-pipelines-tasks-webdeployment-common 4.268.0, ParameterParserUtility.js. Words end at
white space that is in no quotes and no brackets; a backtick keeps the sign behind it from being looked at; quotes
(double ones) around a whole value are taken off, and nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLOSING = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}
_QUOTES = frozenset("\"'")
_NAME = re.compile(r"-(?![0-9.]+$)[^\s\"'`()\[\]{}]+")
"""A negative number is a value."""
_BEGINS = re.compile(r"\s*-[^\s-]")
"""Not as a list of YAML begins (`- a`), nor a document (`---`)."""


def is_dashed(text: str) -> bool:
    """Whether the text is meant to be in this notation: it begins with a dash and a name."""
    return bool(_BEGINS.match(text))


def dashed_pairs(text: str) -> Iterator[tuple[int, str, str]]:
    """Line (from 1), name and value of each setting; a value that follows no name has an empty one."""
    name, line = "", 1
    for where, word in _words(text):
        if _NAME.fullmatch(word):
            if name:
                yield line, name, ""
            name, line = word[1:], where
        else:
            value = word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word
            yield line if name else where, name, value
            name = ""
    if name:
        yield line, name, ""


def _words(text: str) -> Iterator[tuple[int, str]]:
    start, open_, skipped = 0, list[str](), False
    for index, sign in enumerate(f"{text} "):
        if skipped or sign == "`":
            skipped = not skipped
        elif open_ and sign == open_[-1]:
            open_.pop()
        elif sign in _CLOSING and not (open_ and open_[-1] in _QUOTES):
            open_.append(_CLOSING[sign])
        elif sign.isspace() and not open_:
            if index > start:
                yield text.count("\n", 0, start) + 1, text[start:index]
            start = index + 1
    if start < len(text):
        yield text.count("\n", 0, start) + 1, text[start:].rstrip()
