"""Where the functions of an app answer: below the route prefix of its host.json."""

from __future__ import annotations

import re

from functions_model.core.failures import RuleBroken

DEFAULT_PREFIX = "api"
"""The host's own."""
NO_PREFIX = "none"
"""How an input says that there is none: an empty one counts as not given."""
_PART = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]+")
_LONGEST = 200
_TAKEN = {
    "admin": "the Functions host's own pages",
    "runtime": "the Functions host's own pages",
    ".auth": "the pages of App Service's authentication",
}
"""Azure/azure-functions-host, WebScriptHostHttpRoutesManager.cs and ScriptHost.cs, ValidateHttpFunction, which looks at
a function's route alone: what lies below such a prefix would answer to administrators, or never be reached."""


def plain_prefix(text: str) -> str:
    """A route prefix without the slashes that may stand at its ends, which mean nothing; empty for none.

    The host compares it without regard to case.

    Raises:
        RuleBroken: It is none that addresses can begin with.
    """
    prefix = text.strip("/")
    if len(prefix) > _LONGEST or (prefix and not all(map(_PART.fullmatch, prefix.split("/")))):
        remedy = (
            f"Use up to {_LONGEST} letters, digits, `-`, `_` and `.`, in parts with `/` between them: `models/churn`."
        )
        raise RuleBroken(f"`{text}` is not a route prefix", remedy)
    first = prefix.partition("/")[0].lower()
    if first in _TAKEN:
        raise RuleBroken(f"below `/{first}` are {_TAKEN[first]}", "Use another prefix.")
    return DEFAULT_PREFIX if prefix.lower() == DEFAULT_PREFIX else prefix


def given_prefix(text: str) -> str:
    """The route prefix that an input says; empty for `none`.

    Raises:
        RuleBroken: It is none.
    """
    return "" if text.lower() == NO_PREFIX else plain_prefix(text)


def route_of(prefix: str, function: str) -> str:
    """The path of an address: `/api/score`, or `/score` where there is no prefix."""
    return f"/{prefix}/{function}" if prefix else f"/{function}"
